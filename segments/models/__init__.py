"""Classes of worth: rule, memberships, totals."""

from segments.models.classes import ClassPolicy, ClassTotal, Membership, Override

__all__ = ["ClassPolicy", "ClassTotal", "Membership", "Override"]
