"""Classes of worth: rule, memberships, totals; levers; what nights sum up for pages."""

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
from segments.models.gut import Nomination, NominationEntry
from segments.models.levers import LeverBase, LeverScenario
from segments.models.matrix import ValueMatrix
from segments.models.rollups import (
    CohortCell,
    LeverFinding,
    StoredFigures,
    ValueTotal,
)

__all__ = [
    "ClassPolicy",
    "ClassPortrait",
    "ClassTotal",
    "ClassingRequest",
    "CohortCell",
    "LeverBase",
    "LeverFinding",
    "LeverScenario",
    "Membership",
    "Nomination",
    "NominationEntry",
    "Override",
    "PolicyDraft",
    "RuleNumbers",
    "StoredFigures",
    "ValueMatrix",
    "ValueTotal",
]
