"""Action: plans, their versions, who follows them, and the touches they ask for."""

from campaigns.models.agenda import Alert, SettledItem, Snooze
from campaigns.models.assignments import PlanAssignment
from campaigns.models.automations import (
    Automation,
    AutomationCursor,
    AutomationVersion,
    Firing,
    WebhookCall,
    WebhookEndpoint,
)
from campaigns.models.campaigns import Campaign, Enrolment
from campaigns.models.deliveries import Delivery
from campaigns.models.exceptions import TouchException
from campaigns.models.optimiser import KeptSearch
from campaigns.models.plans import (
    LibraryTouch,
    PlanVersion,
    RetentionPlan,
    TouchTemplate,
)
from campaigns.models.questions import AlertRule, AnswerMailing, SavedQuestion
from campaigns.models.rules import Absence, ClosedDay, PlanningRule, RepCapacity
from campaigns.models.service import CaseAlarm, ServiceLevel, ServiceVersion
from campaigns.models.standings import Standing
from campaigns.models.touches import PlannedTouch
from campaigns.models.wallet import GateDecision, MeasuredEffect

__all__ = [
    "Absence",
    "Alert",
    "AlertRule",
    "AnswerMailing",
    "Automation",
    "AutomationCursor",
    "AutomationVersion",
    "Campaign",
    "CaseAlarm",
    "ClosedDay",
    "Delivery",
    "Enrolment",
    "Firing",
    "GateDecision",
    "KeptSearch",
    "LibraryTouch",
    "MeasuredEffect",
    "PlanAssignment",
    "PlanVersion",
    "PlannedTouch",
    "PlanningRule",
    "RepCapacity",
    "RetentionPlan",
    "SavedQuestion",
    "ServiceLevel",
    "ServiceVersion",
    "SettledItem",
    "Snooze",
    "Standing",
    "TouchException",
    "TouchTemplate",
    "WebhookCall",
    "WebhookEndpoint",
]
