"""Classes of worth: rule, memberships, totals; levers and their scenarios."""

from segments.models.classes import ClassPolicy, ClassTotal, Membership, Override
from segments.models.levers import LeverBase, LeverScenario

__all__ = [
    "ClassPolicy",
    "ClassTotal",
    "LeverBase",
    "LeverScenario",
    "Membership",
    "Override",
]
