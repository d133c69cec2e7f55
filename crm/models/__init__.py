"""The facts: one module per aggregate."""

from crm.models.accounts import Account, AccountQuerySet, AttributeDefinition
from crm.models.audit import AuditEvent
from crm.models.captures import (
    CalendarSubscription,
    CaptureSource,
    Mailbox,
    MailboxFolder,
    Meeting,
)
from crm.models.cases import Case, CaseEntry
from crm.models.contacts import Consent, Contact, ContactAssessment
from crm.models.deals import (
    Deal,
    DealChange,
    DealLine,
    DealLossReason,
    DealStage,
)
from crm.models.events import EventType, LifeEvent
from crm.models.feeds import CalendarFeed
from crm.models.goals import ClientGoal, GoalEvidence
from crm.models.holdings import Holding, StatedValue, Usage, UsageTarget
from crm.models.imports import ImportJob, RefusedRow
from crm.models.journal import Hypothesis, HypothesisEvidence
from crm.models.ledger import (
    Allocation,
    AllocationRule,
    AllocationRuleVersion,
    LedgerEntry,
)
from crm.models.lifecycle import (
    LifecycleStage,
    LifecycleStay,
    RelationshipProfile,
)
from crm.models.lists import BulkEdit, BulkEditRow, ListPreference, SavedView
from crm.models.merges import AccountMerge
from crm.models.notifications import Notification
from crm.models.orders import Order, OrderLine, OrderReturn
from crm.models.products import Complement, Product
from crm.models.rates import HourlyRate
from crm.models.tags import Tag
from crm.models.tasks import Task
from crm.models.timeline import PinnedContact, TimelineFilter
from crm.models.touchpoints import Touchpoint
from crm.models.users import Territory, TokenTerms, TokenUse, User
from crm.models.wallet import Competitor, CompetitorPresence, WalletEstimate

__all__ = [
    "Account",
    "AccountMerge",
    "AccountQuerySet",
    "Allocation",
    "AllocationRule",
    "AllocationRuleVersion",
    "AttributeDefinition",
    "AuditEvent",
    "BulkEdit",
    "BulkEditRow",
    "CalendarFeed",
    "CalendarSubscription",
    "CaptureSource",
    "Case",
    "CaseEntry",
    "ClientGoal",
    "Competitor",
    "CompetitorPresence",
    "Complement",
    "Consent",
    "Contact",
    "ContactAssessment",
    "Deal",
    "DealChange",
    "DealLine",
    "DealLossReason",
    "DealStage",
    "EventType",
    "GoalEvidence",
    "Holding",
    "HourlyRate",
    "Hypothesis",
    "HypothesisEvidence",
    "ImportJob",
    "LedgerEntry",
    "LifeEvent",
    "LifecycleStage",
    "LifecycleStay",
    "ListPreference",
    "Mailbox",
    "MailboxFolder",
    "Meeting",
    "Notification",
    "Order",
    "OrderLine",
    "OrderReturn",
    "PinnedContact",
    "Product",
    "RefusedRow",
    "RelationshipProfile",
    "SavedView",
    "StatedValue",
    "Tag",
    "Task",
    "Territory",
    "TimelineFilter",
    "TokenTerms",
    "TokenUse",
    "Touchpoint",
    "Usage",
    "UsageTarget",
    "User",
    "WalletEstimate",
]
