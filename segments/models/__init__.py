"""Classes of worth: rule, memberships, totals; levers and their scenarios."""

from segments.models.classes import (
    ClassingRequest,
    ClassPolicy,
    ClassPortrait,
    ClassTotal,
    Membership,
    Override,
    PolicyDraft,
    RuleNumbers,
)
from segments.models.levers import LeverBase, LeverScenario
from segments.models.matrix import ValueMatrix

__all__ = [
    "ClassPolicy",
    "ClassPortrait",
    "ClassTotal",
    "ClassingRequest",
    "LeverBase",
    "LeverScenario",
    "Membership",
    "Override",
    "PolicyDraft",
    "RuleNumbers",
    "ValueMatrix",
]
