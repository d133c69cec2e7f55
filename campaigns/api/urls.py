"""API addresses of `campaigns`."""

from rest_framework.routers import SimpleRouter

from campaigns.api.assignments import (
    PlanAssignmentResource,
    TouchExceptionResource,
)
from campaigns.api.automations import (
    AutomationResource,
    FiringResource,
    KindResource,
)
from campaigns.api.board import BoardResource
from campaigns.api.budget import BudgetResource
from campaigns.api.calendar import CalendarResource, FeedResource
from campaigns.api.campaign_parts import CampaignTouchResource, EnrolmentResource
from campaigns.api.campaigns import CampaignResource
from campaigns.api.care import CareResource
from campaigns.api.case_entries import CaseEntryResource
from campaigns.api.cases import CaseResource
from campaigns.api.deliveries import DeliveryResource, PlannedTouchResource
from campaigns.api.effort import EffortResource
from campaigns.api.experience import ExperienceResource
from campaigns.api.lists import ListResource
from campaigns.api.objective import ObjectiveResource
from campaigns.api.optimiser import OptimiserResource, SearchResource
from campaigns.api.plan_versions import TouchResource, VersionResource
from campaigns.api.planning_rules import (
    AbsenceResource,
    ClosedDayResource,
    PlanningRuleResource,
    RepCapacityResource,
)
from campaigns.api.plans import PlanResource
from campaigns.api.questions import (
    AlertRuleResource,
    MailingResource,
    QuestionResource,
    SavedQuestionResource,
)
from campaigns.api.rivals import RivalResource
from campaigns.api.sendings import SendingResource
from campaigns.api.service_levels import ServiceLevelResource
from campaigns.api.team import TeamResource
from campaigns.api.today import TodayResource
from campaigns.api.touch_library import LibraryResource
from campaigns.api.wallet import EffectResource, GateResource, WalletResource
from campaigns.api.webhooks import CallResource, EndpointResource

router = SimpleRouter(use_regex_path=False)
router.register("plans", PlanResource, "plan")
router.register("plan-versions", VersionResource, "plan-version")
router.register("deliveries", DeliveryResource, "delivery")
router.register("touches", PlannedTouchResource, "touch")
router.register("plan-touches", TouchResource, "plan-touch")
router.register("touch-library", LibraryResource, "touch-library")
router.register("plan-assignments", PlanAssignmentResource, "plan-assignment")
router.register("touch-exceptions", TouchExceptionResource, "touch-exception")
router.register("planning-rules", PlanningRuleResource, "planning-rule")
router.register("closed-days", ClosedDayResource, "closed-day")
router.register("rep-capacities", RepCapacityResource, "rep-capacity")
router.register("absences", AbsenceResource, "absence")
router.register("lists", ListResource, "list")
router.register("plan-board", BoardResource, "plan-board")
router.register("optimiser", OptimiserResource, "optimiser")
router.register("optimiser-searches", SearchResource, "optimiser-search")
router.register("campaigns", CampaignResource, "campaign")
router.register("campaign-touches", CampaignTouchResource, "campaign-touch")
router.register("campaign-enrolments", EnrolmentResource, "campaign-enrolment")
router.register("automations", AutomationResource, "automation")
router.register("automation-kinds", KindResource, "automation-kind")
router.register("automation-firings", FiringResource, "automation-firing")
router.register("webhook-endpoints", EndpointResource, "webhook-endpoint")
router.register("webhook-calls", CallResource, "webhook-call")
router.register("budget", BudgetResource, "budget")
router.register("wallets", WalletResource, "wallet")
router.register("measured-effects", EffectResource, "measured-effect")
router.register("gate-decisions", GateResource, "gate-decision")
router.register("sendings", SendingResource, "sending")
router.register("today", TodayResource, "today")
router.register("deals-by-competitor", RivalResource, "deals-by-competitor")
router.register("calendar", CalendarResource, "calendar")
router.register("calendar-feed", FeedResource, "calendar-feed")
router.register("cases", CaseResource, "case")
router.register("case-entries", CaseEntryResource, "case-entry")
router.register("service-levels", ServiceLevelResource, "service-level")
router.register("effort", EffortResource, "effort")
router.register("experience", ExperienceResource, "experience")
router.register("care", CareResource, "care")
router.register("team", TeamResource, "team")
router.register("objective", ObjectiveResource, "objective")
router.register("questions", QuestionResource, "question")
router.register("saved-questions", SavedQuestionResource, "saved-question")
router.register("answer-mailings", MailingResource, "answer-mailing")
router.register("alert-rules", AlertRuleResource, "alert-rule")

urlpatterns = router.urls
