"""Action: plans, their versions, and the touches they ask for."""

from campaigns.models.agenda import Alert, SettledItem, Snooze
from campaigns.models.plans import PlanVersion, RetentionPlan, TouchTemplate
from campaigns.models.questions import AlertRule, AnswerMailing, SavedQuestion
from campaigns.models.service import CaseAlarm, ServiceLevel, ServiceVersion
from campaigns.models.standings import Standing
from campaigns.models.touches import PlannedTouch

__all__ = [
    "Alert",
    "AlertRule",
    "AnswerMailing",
    "CaseAlarm",
    "PlanVersion",
    "PlannedTouch",
    "RetentionPlan",
    "SavedQuestion",
    "ServiceLevel",
    "ServiceVersion",
    "SettledItem",
    "Snooze",
    "Standing",
    "TouchTemplate",
]
