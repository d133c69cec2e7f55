"""What the routes of the permission table are asked for: a record of each kind."""

import datetime as dt

from campaigns.models import (
    Absence,
    AlertRule,
    AnswerMailing,
    Automation,
    ClosedDay,
    Delivery,
    Firing,
    GateDecision,
    LibraryTouch,
    PlanAssignment,
    PlannedTouch,
    PlanningRule,
    PlanVersion,
    RepCapacity,
    RetentionPlan,
    SavedQuestion,
    ServiceVersion,
    TouchException,
    TouchTemplate,
    WebhookEndpoint,
)
from campaigns.services import optouts
from campaigns.services.automations import webhooks
from clv.models import (
    Assumptions,
    IdealProfile,
    Judgement,
    OfferDecision,
    ValuationRun,
)
from common.sealing import seal
from crm.models import (
    AccountMerge,
    Allocation,
    AllocationRule,
    BulkEdit,
    CalendarSubscription,
    Competitor,
    CompetitorPresence,
    Complement,
    DealLossReason,
    DealStage,
    EventType,
    Holding,
    HourlyRate,
    ImportJob,
    LifeEvent,
    Mailbox,
    Meeting,
    Notification,
    SavedView,
    StatedValue,
    Tag,
    Task,
    TimelineFilter,
    Usage,
    WalletEstimate,
)
from crm.models.lifecycle import LifecycleStage, RelationshipProfile
from crm.services import allocation_rules
from segments.models import LeverScenario, Override
from tests import make

DAY = dt.date(2026, 1, 15)
NOW = dt.datetime(2026, 1, 15, 9, tzinfo=dt.UTC)


# -- Records: one of the rep's account, one of a colleague's ----------------------


def _draft():
    plan = RetentionPlan.objects.get(worth_class="general")
    return PlanVersion.objects.get(plan=plan, status="draft")


def _template():
    return TouchTemplate.objects.filter(version=_draft()).first()


def _cost_rule():
    rule, _ = AllocationRule.objects.get_or_create(
        name="Rent", kind="delivery", driver="orders"
    )
    return rule


def _allocation():
    return Allocation.objects.create(
        version=allocation_rules.version_of(_cost_rule(), actor=None),
        period_start=DAY,
        period_end=DAY,
        total=1,
        cost_count=1,
        account_count=1,
    )


def _touch(account):
    template = TouchTemplate.objects.filter(owner_role="rep").first()
    return PlannedTouch.objects.create(
        account=account,
        template=template,
        lineage=template.lineage,
        period="2026-Q1/1",
        due_on=DAY,
        owner_role="rep",
    )


def _mailbox(account):
    # An address that is not asked, so that trying it ends at once.
    return Mailbox.objects.create(
        user=account.owner,
        host="10.0.0.1",
        username="rita",
        secret=seal("x"),
        folders=["INBOX"],
        since_on=DAY,
    )


def _event(account):
    kind = EventType.objects.first()
    return LifeEvent.objects.create(account=account, type=kind, occurred_on=DAY)


def _line(account):
    return make.order(account=account).lines.get()


def _holding(account):
    return Holding.objects.create(
        account=account,
        product=make.product(term_months=12),
        quantity=1,
        acquired_on=DAY,
    )


def _competitor():
    return Competitor.objects.get_or_create(name="Rival")[0]


def _decision(account):
    return OfferDecision.objects.create(
        account=account,
        base=make.product(),
        offered=make.product(),
        kind="complement",
        state="accepted",
        decided_on=DAY,
    )


def _merge(account):
    twin = make.account(owner=account.owner)
    return AccountMerge.objects.create(
        survivor=account, merged=twin, made_by=account.owner
    )


def _kept(account):
    return SavedQuestion.objects.create(
        owner=account.owner, question="retention", name="Mine"
    )


def _mailing(account):
    return AnswerMailing.objects.create(
        saved=_kept(account),
        recipient=account.owner,
        ordered_by=account.owner,
        rhythm="daily",
        begins_on=DAY,
        due_on=DAY,
    )


def _rule(account):
    return AlertRule.objects.create(
        name="Return",
        outlook="loss",
        first="return",
        window_days=90,
        made_by=account.owner,
    )


def _delivery(account):
    person = make.contact(account=account, email="anna@example.test")
    return Delivery.objects.create(
        account=account,
        contact=person,
        occasion=f"test:{person.pk}",
        address=person.email,
        subject="News",
        body="Text",
        message_id=f"<{person.pk}@example.test>",
    )


def optout(account):
    return optouts.url_of(_delivery(account)).split("/")[-2]


def _automation(account):
    rule = Automation.objects.create(name=f"Rule {make.user().pk}")
    rule.refresh_from_db()
    rule.versions.create(
        number=1,
        trigger={"kind": "first_contact"},
        actions=[{"kind": "notify", "who": "owner", "text": "Hello"}],
    )
    return rule


def _profile(account):
    return IdealProfile.objects.create(
        version=account.pk, least_worth=1, created_by=account.owner
    )


def _firing(account):
    rule = _automation(account)
    return Firing.objects.create(
        automation=rule,
        version=rule.versions.get(),
        account=account,
        cause="x",
        status="fired",
    )


def _endpoint(account):
    made = WebhookEndpoint.objects.create(
        name=f"Shop {make.user().pk}", url="https://hooks.example.com/x"
    )
    made.refresh_from_db()
    return made


def _call(account):
    return webhooks.plan_call(
        endpoint=_endpoint(account), account=account, firing=None, payload={}
    )


def _campaign(account):
    """A running campaign of the account's, whose it is."""
    made = make.campaign(owner=account.owner)
    made.enrolments.create(account=account)
    return make.begun(made)


def _campaign_draft(account):
    made = make.campaign(owner=account.owner)
    made.enrolments.create(account=account)
    return made


def _draft_with_touch(account):
    made = _campaign_draft(account)
    TouchTemplate.objects.create(
        version=PlanVersion.objects.first(),
        campaign=made,
        title="Letter",
        channel="post",
        cadence="once",
        unit_cost=1,
        owner_role="marketer",
        head="marketing",
    )
    return made


MAKERS = {
    "campaign": _campaign,
    "CAMPAIGN": _campaign_draft,
    "CAMPAIGN_TOUCH": _draft_with_touch,
    "CAMPAIGN_KEPT": _campaign_draft,
    "enrolled": _campaign_draft,
    "delivery": _delivery,
    "AUTOMATION": _automation,
    "ICP": _profile,
    "firing": _firing,
    "ENDPOINT": _endpoint,
    "CALL": _call,
    "(kept)": _kept,
    "(mailing)": _mailing,
    "RULE": _rule,
    "merge": _merge,
    "twin": lambda account: account,
    "account": lambda account: account,
    "value": lambda account: make.valuation(account=account).account,
    "contact": lambda account: make.contact(account=account),
    "order": lambda account: make.order(account=account),
    "cost": lambda account: make.cost(account=account),
    "touchpoint": lambda account: make.touchpoint(account=account, user=account.owner),
    "event": _event,
    "task": lambda account: Task.objects.create(
        account=account, owner=account.owner, title="Call", due_on=DAY
    ),
    "COST_FILE": lambda account: ImportJob.objects.create(
        kind="costs", source="erp", file_name="costs.csv"
    ),
    "DATA_FILE": lambda account: ImportJob.objects.create(
        kind="orders", source="erp", file_name="orders.csv"
    ),
    "COST_RULE": lambda account: _cost_rule(),
    "ALLOCATION": lambda account: _allocation(),
    "goal": make.goal,
    "LIFECYCLE": lambda account: LifecycleStage.objects.first(),
    "PROFILE": lambda account: RelationshipProfile.objects.first(),
    "evidence": lambda account: make.evidence(goal=make.goal(account)),
    "hypothesis": make.hypothesis,
    "touch": _touch,
    "line": _line,
    "holding": _holding,
    "bought": lambda account: account,
    "(filter)": lambda account: TimelineFilter.objects.create(
        user=account.owner, name="Mine", query="who=me"
    ),
    "case": lambda account: make.case(account=account),
    "LEVELS": lambda account: ServiceVersion.objects.current(),
    "case_entry": lambda account: make.case(account=account).entries.create(
        kind="note", text="Called", author=account.owner
    ),
    "override": lambda account: Override.objects.create(
        account=account,
        worth_class="general",
        reason="For the test",
        expires_on=DAY,
        author=account.owner,
    ),
    "CLASSRULE": lambda account: make.class_policy(),
    "deal": lambda account: make.deal(account=account),
    "deal_move": lambda account: make.deal(account=account).changes.get(),
    "STAGE": lambda account: DealStage.objects.first(),
    "REASON": lambda account: DealLossReason.objects.first(),
    "(notification)": lambda account: Notification.objects.create(
        user=account.owner, kind="mention", text="Ana mentioned you", url="/today/"
    ),
    "(mailbox)": _mailbox,
    "(+mailbox)": _mailbox,
    "(+subscription)": lambda account: CalendarSubscription.objects.create(
        user=account.owner, name="Mine", host="calendar.example", secret=seal("x")
    ),
    "meeting": lambda account: Meeting.objects.create(
        user=account.owner, account=account, uid="m", starts_at=NOW, ends_at=NOW
    ),
    "(bulk)": lambda account: BulkEdit.objects.create(
        actor=account.owner, list_key="accounts", action="tag", detail={"tag": 0}
    ),
    "cell": lambda account: account,
    "list_row": lambda account: account,
    "VIEW": lambda account: SavedView.objects.create(
        owner=account.owner, list_key="accounts", name="Mine", is_shared=True
    ),
    "offer": lambda account: account,
    "PAIR": lambda account: account,
    "decision": _decision,
    "stated": lambda account: StatedValue.objects.create(
        account=account, words="Quick", stated_on=DAY
    ),
    "presence": lambda account: CompetitorPresence.objects.create(
        account=account, competitor=_competitor()
    ),
    "use": lambda account: Usage.objects.create(
        holding=_holding(account), metric="pages", month=DAY.replace(day=1), value=1
    ),
    "estimate": lambda account: WalletEstimate.objects.create(
        account=account, category="Paper", estimated_on=DAY, source="guess"
    ),
    "COMPETITOR": lambda account: _competitor(),
    "PRODUCT": lambda account: make.product(),
    "LINK": lambda account: make.product(),
    "TAG": lambda account: Tag.objects.get_or_create(name="VIP")[0],
    "EVENT_TYPE": lambda account: EventType.objects.first(),
    "PERSON": lambda account: make.user(),
    "COMPLEMENT": lambda account: Complement.objects.create(
        from_product=make.product(), to_product=make.product()
    ),
    "RATE": lambda account: HourlyRate.objects.create(
        user=make.user(), valid_from=DAY, amount=50
    ),
    "ASSUMED": lambda account: Assumptions.objects.current(),
    "RUN": lambda account: ValuationRun.objects.current(),
    "SCENARIO": lambda account: LeverScenario.objects.create(
        name="Serve for less",
        levers={"saving_service": 10},
        as_of=DAY,
        equity_before=1,
        equity_after=2,
        change_low=1,
        change_high=1,
        parts={"serving": 100},
        author=account.owner,
    ),
    "nomination": lambda account: make.nomination(author=account.owner),
    "SEARCH": lambda account: make.kept_search(author=account.owner),
    "JUDGEMENT": lambda account: Judgement.objects.first(),
    "EFFECT": lambda account: make.effect(author=account.owner),
    "DECISION": lambda account: GateDecision.objects.create(
        occasion="touch",
        subject="Magazine",
        choice="drop",
        accounts=1,
        cost_each=1,
        cost=1,
        cost_below=1,
        gain_below=-1,
        actor=account.owner,
    ),
    "assignment": lambda account: PlanAssignment.objects.create(
        account=account, plan=RetentionPlan.objects.first(), since=DAY
    ),
    "exception": lambda account: TouchException.objects.create(
        account=account,
        template=_template(),
        lineage=_template().lineage,
        period="2026",
        due_on=DAY,
        kind="capped",
        reason="Too often.",
    ),
    "PLANNING": lambda account: PlanningRule.objects.create(reason="For the test"),
    "CAPACITY": lambda account: RepCapacity.objects.create(
        user=make.user(), hours_a_week=8
    ),
    "CLOSED": lambda account: ClosedDay.objects.get_or_create(
        day=DAY, defaults={"name": "Inventory"}
    )[0],
    "ABSENCE": lambda account: Absence.objects.create(
        user=account.owner or make.user(), starts_on=DAY, ends_on=DAY
    ),
    "PLAN_ROW": lambda account: RetentionPlan.objects.first(),
    "TEMPLATE": lambda account: _template(),
    "DRAFT": lambda account: _draft(),
    "DRAFTED": lambda account: _template(),
    "PUBLISHED": lambda account: PlanVersion.objects.published().first(),
    "KEPT": lambda account: LibraryTouch.objects.first(),
    "KEPT_IN": lambda account: LibraryTouch.objects.first(),
    "ASKED_TOUCH": lambda account: make.campaign_touch(campaign=make.campaign()),
    "enrolment": lambda account: make.enrolment(
        campaign=make.campaign(), account=account
    ),
    "SENDING": lambda account: TouchTemplate.objects.filter(
        owner_role="marketer"
    ).first(),
}
