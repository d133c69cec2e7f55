"""API addresses of `crm`."""

from rest_framework.routers import SimpleRouter

from crm.api.accounts import AccountResource
from crm.api.allocations import AllocationResource, AllocationRuleResource
from crm.api.capture_sources import (
    MailboxResource,
    MeetingResource,
    SubscriptionResource,
)
from crm.api.captures import CaptureResource
from crm.api.contacts import ContactResource
from crm.api.deals import DealResource, LossReasonResource, StageResource
from crm.api.events import EventResource, EventTypeResource
from crm.api.goals import GoalResource
from crm.api.holdings import HoldingResource, StatedValueResource, UsageResource
from crm.api.journal import HypothesisResource
from crm.api.ledger import LedgerEntryResource
from crm.api.lifecycle import (
    LifecycleStageResource,
    RelationshipResource,
    StayResource,
)
from crm.api.merges import MergeResource
from crm.api.notifications import NotificationResource
from crm.api.orders import OrderResource
from crm.api.overlaps import OverlapResource
from crm.api.products import ComplementResource, ProductResource
from crm.api.rates import RateResource
from crm.api.saved_views import SavedViewResource
from crm.api.tags import TagResource
from crm.api.tasks import TaskResource
from crm.api.timeline import TimelineFilterResource, TimelineResource
from crm.api.touchpoints import TouchpointResource
from crm.api.wallet import CompetitorResource, EstimateResource, PresenceResource
from crm.api.wishes import AssessmentResource, ConsentResource

router = SimpleRouter(use_regex_path=False)
router.register("accounts", AccountResource, "account")
router.register("account-merges", MergeResource, "account-merge")
router.register("contacts", ContactResource, "contact")
router.register("consents", ConsentResource, "consent")
router.register("assessments", AssessmentResource, "assessment")
router.register("goals", GoalResource, "goal")
router.register("hypotheses", HypothesisResource, "hypothesis")
router.register("saved-views", SavedViewResource, "saved-view")
router.register("lifecycle-stages", LifecycleStageResource, "lifecycle-stage")
router.register("stays", StayResource, "stay")
router.register("relationships", RelationshipResource, "relationship")
router.register("products", ProductResource, "product")
router.register("complements", ComplementResource, "complement")
router.register("orders", OrderResource, "order")
router.register("ledger-entries", LedgerEntryResource, "ledger-entry")
router.register("allocation-rules", AllocationRuleResource, "allocation-rule")
router.register("allocations", AllocationResource, "allocation")
router.register("touchpoints", TouchpointResource, "touchpoint")
router.register("captures", CaptureResource, "capture")
router.register("mailboxes", MailboxResource, "mailbox")
router.register("calendar-subscriptions", SubscriptionResource, "subscription")
router.register("meetings", MeetingResource, "meeting")
router.register("events", EventResource, "event")
router.register("timeline", TimelineResource, "timeline")
router.register("timeline-filters", TimelineFilterResource, "timeline-filter")
router.register("notifications", NotificationResource, "notification")
router.register("overlaps", OverlapResource, "overlap")
router.register("event-types", EventTypeResource, "event-type")
router.register("tags", TagResource, "tag")
router.register("tasks", TaskResource, "task")
router.register("deals", DealResource, "deal")
router.register("deal-stages", StageResource, "deal-stage")
router.register("deal-loss-reasons", LossReasonResource, "deal-loss-reason")

router.register("hourly-rates", RateResource, "hourly-rate")
router.register("holdings", HoldingResource, "holding")
router.register("usage", UsageResource, "usage")
router.register("stated-values", StatedValueResource, "stated-value")
router.register("competitors", CompetitorResource, "competitor")
router.register("competitor-presences", PresenceResource, "presence")
router.register("wallet-estimates", EstimateResource, "wallet-estimate")

urlpatterns = router.urls
