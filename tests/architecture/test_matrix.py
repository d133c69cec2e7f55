"""Who may open what: every route and method, for five callers, on two records.

The table is `matrix.txt`; the routes come from the URL tree. A route without a line
and a line without a route fail, as does a line that names too few methods.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import reverse

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
from campaigns.services import optouts, plans
from campaigns.services.automations import webhooks
from clv.models import Assumptions, Judgement, OfferDecision, ValuationRun
from crm.models import (
    AccountMerge,
    Allocation,
    AllocationRule,
    AuditEvent,
    BulkEdit,
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
from crm.services import allocation_rules, feeds
from segments.models import LeverScenario, Override
from tests import make
from tests.architecture.callers import Caller
from tests.architecture.routes import OURS

TABLE = Path(__file__).with_name("matrix.txt")
# What stands in addresses that name no record.
WITHOUT_RECORD = {
    "-": {},
    "LIST": {"key": "accounts"},
    "QUESTION": {"key": "retention"},
    "ASKED": {"key": "retention"},
    "PROFIT": {"by": "class", "every": "quarter"},
    "CLASS": {"key": "general"},
    "PLAN": {"key": "general"},
    "BLOCK": {"key": "balance"},
}
ROLES = {"r": "rep", "m": "manager", "k": "marketer", "a": "administrator"}
DAY = dt.date(2026, 1, 15)


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    name: str
    kind: str
    methods: tuple[str, ...]
    roles: str

    @property
    def is_somebodys(self):
        return self.kind.islower() and not self.is_own

    @property
    def is_own(self):
        return self.kind.startswith("(")

    @property
    def has_record(self):
        return self.kind not in WITHOUT_RECORD


def lines():
    for text in TABLE.read_text().splitlines():
        if text and not text.startswith("#"):
            name, kind, methods, roles = (part.strip() for part in text.split("|"))
            yield Line(name, kind, tuple(methods.split()), roles)


LINES = list(lines())
CASES = [(line, method) for line in LINES for method in line.methods]


def test_every_route_has_a_line_and_every_line_a_route():
    routes = {route.name for route in OURS}
    assert {line.name for line in LINES} == routes


def test_every_method_of_the_api_has_a_line():
    told = {(line.name, method) for line, method in CASES}
    offered = {
        (route.name, method.upper())
        for route in OURS
        for method in set(getattr(route.view, "actions", None) or {}) - {"head"}
    }
    assert offered - told == set()


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


def _optout(account):
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


MAKERS = {
    "delivery": _delivery,
    "AUTOMATION": _automation,
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
    "SENDING": lambda account: TouchTemplate.objects.filter(
        owner_role="marketer"
    ).first(),
}


def arguments(line, account):
    if line.kind in WITHOUT_RECORD:
        return WITHOUT_RECORD[line.kind]
    if line.kind == "TOKEN":
        return {"token": feeds.create_feed(actor=account.owner)}
    if line.kind == "OPTOUT":
        return {"token": _optout(account)}
    found = {"pk": MAKERS[line.kind](account).pk}
    if line.kind == "PAIR":
        return {"base": make.product().pk, "offered": make.product().pk}
    return found | _more(line.kind, account)


def _more(kind, account):
    """Return what an address holds beside the number of its record."""
    return {
        "TEMPLATE": lambda: {"key": "general"},
        "KEPT_IN": lambda: {"key": "general"},
        "bought": lambda: {"product": 0},
        "offer": lambda: {"offered": make.product().pk},
        "LINK": lambda: {"other": make.product().pk},
        "cell": lambda: {"key": "accounts", "column": "name"},
        "list_row": lambda: {"key": "accounts"},
        "twin": lambda: {"other": make.account(owner=account.owner).pk},
    }.get(kind, dict)()


# -- Asking ------------------------------------------------------------------


@pytest.fixture(scope="module")
def firm(shared_rows):
    """People, accounts of two reps, a published run, plans and a draft.

    One for all lines: whatever a call changes is undone at once.
    """
    with shared_rows():
        return _firm()


def _firm():
    people = {role: make.user(role) for role in ROLES.values()}
    plans.ensure_plans()
    make.judgement(run=make.run())
    make.lever_base()
    if not PlanVersion.objects.filter(
        plan__worth_class="general", status="draft"
    ).exists():
        plan = RetentionPlan.objects.get(worth_class="general")
        plans.start_draft(actor=people["marketer"], plan=plan)
    return {
        "clients": {None: Caller()} | {role: Caller(people[role]) for role in people},
        "own": make.account(owner=people["rep"]),
        "foreign": make.account(owner=make.user("rep")),
    }


def ask(caller, line, method, account):
    """Return how the answer is meant; whatever the call changed is undone."""
    before = AuditEvent.objects.count()
    with transaction.atomic():
        url = reverse(line.name, kwargs=arguments(line, account))
        data = {} if method == "GET" else {"data": {}}
        if line.name.startswith("api:"):
            data["content_type"] = "application/json"
        found = meaning(caller.ask(method, url, **data))
        is_unchanged = AuditEvent.objects.count() == before
        transaction.set_rollback(True)
    assert found == "open" or is_unchanged
    return found


def meaning(answer):
    if answer.status_code == 302 and answer.url.startswith("/sign-in/login/"):
        return "sign in"
    names = {401: "sign in", 403: "refused", 404: "hidden", 405: "no such method"}
    if answer.status_code >= 500:
        return f"broken: {answer.status_code}"
    return names.get(answer.status_code, "open")


def expected(line, role, side):
    if line.roles == "*":
        return "open"
    if role is None:
        return "sign in"
    if role not in {ROLES[letter] for letter in line.roles}:
        return "refused"
    is_theirs = role == "rep" and side == "own"
    hides = line.is_somebodys and role == "rep" and side == "foreign"
    hides = hides or (line.is_own and not is_theirs)
    return "hidden" if hides else "open"


IDS = [f"{line.name}-{'-'.join(line.methods)}" for line in LINES]


@pytest.mark.parametrize("line", LINES, ids=IDS)
def test_who_may(db, firm, line):
    if line.roles == "*":
        for method in line.methods:
            found = ask(firm["clients"][None], line, method, firm["own"])
            assert found in {"open", "sign in"}
        return
    # Without a record in it, an address is the same on both sides.
    sides = ("own", "foreign") if line.has_record else ("own",)
    seen, told = {}, {}
    for role, caller in firm["clients"].items():
        for method in line.methods:
            for side in sides:
                seen[role, method, side] = ask(caller, line, method, firm[side])
                told[role, method, side] = expected(line, role, side)
    assert seen == told
