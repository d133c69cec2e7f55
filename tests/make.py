"""Makers of test rows: sensible defaults, and a test names only what it is about."""

import datetime as dt
import itertools
from decimal import Decimal

from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from campaigns.models import (
    Campaign,
    Enrolment,
    KeptSearch,
    LibraryTouch,
    MeasuredEffect,
    TouchTemplate,
)
from campaigns.services.unfollowed import unfollowed_version
from clv.choices import RunKind, RunStatus
from clv.models import Assumptions, Judgement, Valuation, ValuationRun
from common.clock import business_today
from crm.choices import Role, Stage
from crm.models import (
    Account,
    Case,
    ClientGoal,
    Contact,
    Deal,
    DealChange,
    DealLine,
    DealLossReason,
    DealStage,
    GoalEvidence,
    Hypothesis,
    LedgerEntry,
    Order,
    OrderLine,
    Product,
    Touchpoint,
    User,
)
from segments.models import (
    ClassPolicy,
    LeverBase,
    LeverScenario,
    Membership,
    Nomination,
    NominationEntry,
)

PASSWORD = "correct horse battery"
_number = itertools.count(1)


def user(*roles, **fields):
    n = next(_number)
    fields = {"email": f"person{n}@example.test", "name": f"Person {n}"} | fields
    made = User.objects.create_user(password=fields.pop("password", PASSWORD), **fields)
    made.groups.add(*Group.objects.filter(name__in=roles or [Role.REP]))
    return made


def account(**fields):
    n = next(_number)
    return Account.objects.create(
        **{"name": f"Account {n}", "stage": Stage.CUSTOMER} | fields
    )


def contact(**fields):
    n = next(_number)
    fields.setdefault("account", None)
    fields["account"] = fields["account"] or account()
    return Contact.objects.create(**{"name": f"Contact {n}"} | fields)


def product(**fields):
    n = next(_number)
    return Product.objects.create(
        **{
            "sku": f"SKU-{n}",
            "name": f"Product {n}",
            "list_price": Decimal("10.00"),
            "unit_cost": Decimal("6.00"),
        }
        | fields
    )


def order(*, account=None, on=dt.date(2026, 1, 15), lines=None, **fields):
    """One order; `lines` are (quantity, unit_price, unit_cost) and default to one."""
    made = Order.objects.create(
        **{
            "account": account or globals()["account"](),
            "ordered_on": on,
            "source": "test",
            "external_id": f"O-{next(_number)}",
        }
        | fields
    )
    for quantity, unit_price, unit_cost in lines or [(10, "10.00", "6.00")]:
        OrderLine.objects.create(
            order=made,
            account=made.account,
            ordered_on=made.ordered_on,
            status=made.status,
            quantity=Decimal(quantity),
            unit_price=Decimal(unit_price),
            unit_cost=None if unit_cost is None else Decimal(unit_cost),
        )
    return made


def deal(*, account=None, stage=1, lines=None, days=0, status="open", **fields):
    """One deal in the stage of that position; `lines` are as those of `order`.

    `days` is for how long it stands there; a closed one reached no further stage.
    """
    account = account or globals()["account"]()
    at = timezone.now() - dt.timedelta(days=days)
    stage = DealStage.objects.get(position=stage)
    closing = {}
    if status != "open":
        closing["closed_on"] = at.date()
    if status == "lost":
        closing["loss_reason"] = DealLossReason.objects.first()
    made = Deal.objects.create(
        **{
            "account": account,
            "title": f"Deal {next(_number)}",
            "stage": stage,
            "stage_since": at,
            "status": status,
            "owner": account.owner or user(),
        }
        | closing
        | fields
    )
    DealChange.objects.create(
        deal=made, stage=stage, status="open", changed_at=at, changed_by=made.owner
    )
    for quantity, unit_price, unit_cost in lines or []:
        DealLine.objects.create(
            deal=made,
            text="Shelves",
            quantity=Decimal(quantity),
            unit_price=Decimal(unit_price),
            unit_cost=None if unit_cost is None else Decimal(unit_cost),
        )
    return made


def case(*, account=None, hours=0, **fields):
    """One case, opened so many hours ago, of the account's owner."""
    if account is None and not fields.get("sender"):
        account = globals()["account"](owner=user())
    return Case.objects.create(
        **{
            "account": account,
            "title": f"Case {next(_number)}",
            "owner": account.owner if account else None,
            "opened_at": timezone.now() - dt.timedelta(hours=hours),
        }
        | fields
    )


def cost(*, account=None, amount="25.00", on=dt.date(2026, 1, 15), **fields):
    return LedgerEntry.objects.create(
        **{
            "account": account or globals()["account"](),
            "kind": "account_management",
            "amount": Decimal(amount),
            "incurred_on": on,
        }
        | fields
    )


def touchpoint(**fields):
    defaults = {
        "channel": "phone",
        "occurred_at": dt.datetime(2026, 1, 15, 9, 0, tzinfo=dt.UTC),
    }
    if "account" not in fields:
        fields["account"] = account()
    return Touchpoint.objects.create(**defaults | fields)


def goal(account=None, **fields):
    account = account or globals()["account"]()
    fields = {"title": "Fewer suppliers", "owner": account.owner} | fields
    made = ClientGoal.objects.create(account=account, **fields)
    made.refresh_from_db()
    return made


def evidence(*, goal, **fields):
    fields = {"noted_on": dt.date(2026, 1, 15), "text": "Seen"} | fields
    return GoalEvidence.objects.create(goal=goal, account=goal.account, **fields)


def hypothesis(account=None, **fields):
    account = account or globals()["account"]()
    defaults = {
        "author": account.owner,
        "statement": "They buy elsewhere",
        "review_on": dt.date(2026, 1, 15),
    }
    made = Hypothesis.objects.create(account=account, **defaults | fields)
    made.refresh_from_db()
    return made


def run(*, as_of=dt.date(2026, 11, 20), current=True, **fields):
    """One published run with its partition; no step was really run."""
    if current:
        ValuationRun.objects.filter(is_current=True).update(is_current=False)
    made = ValuationRun.objects.create(
        **{
            "as_of": as_of,
            "kind": RunKind.NIGHTLY,
            "status": RunStatus.PUBLISHED,
            "is_current": current,
            "assumptions": Assumptions.objects.current(),
        }
        | fields
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE clv_valuation_made_{made.pk} "
            f"PARTITION OF clv_valuation FOR VALUES IN ({made.pk})"
        )
    return made


def kept_search(**fields):
    """One search for the best plans that found nothing to change."""
    found = {"status": "best", "lines": [], "steps": [], "unpriced": []}
    found |= {"cent_price": 0.0, "minute_price": 0.0, "bound": 0.0}
    found |= {"other_gain": None, "accounts": 0}
    return KeptSearch.objects.create(
        **{
            "name": "Next year",
            "money": Decimal("1000.00"),
            "hours": Decimal("40.0"),
            "as_of": dt.date(2026, 11, 20),
            "gain_today": Decimal(0),
            "gain": Decimal(0),
            "found": found,
        }
        | fields
    )


def judgement(*, run=None, light="green", **fields):
    """What a night says of the forecasts, in brief."""
    run = run or ValuationRun.objects.current()
    known = {"sentence": "You can plan with these numbers.", "as_of": run.as_of}
    return Judgement.objects.create(run=run, light=light, **{**known, **fields})


def valuation(
    *, account, run=None, realised="100.00", expected_margin="900.00", **fields
):
    """One value whose parts sum: clv = realised + expected margin - expected cost."""
    run = run or ValuationRun.objects.current() or globals()["run"]()
    realised, margin = Decimal(realised), Decimal(expected_margin)
    cost = Decimal(fields.pop("expected_cost", "0.00"))
    defaults = {
        "run": run,
        "account": account,
        "first_on": dt.date(2024, 1, 15),
        "last_on": dt.date(2026, 1, 15),
        "order_days": 5,
        "order_count": 5,
        "revenue": realised,
        "revenue_cost_unknown": Decimal(0),
        "margin": realised,
        "revenue_year": realised,
        "margin_year": realised,
        "cost_to_win": Decimal(0),
        "cost_per_order_kinds": Decimal(0),
        "cost_over_time_kinds": Decimal(0),
        "cost_year": Decimal(0),
        "ladder_step": "individual",
        "probability_alive": 0.8,
        "expected_orders": 9.0,
        "expected_orders_year": 3.0,
        "expected_margin": margin,
        "expected_margin_year": margin / 3,
        "expected_cost": cost,
        "expected_cost_year": cost / 3,
        "future_value": margin - cost,
        "future_low": (margin - cost) / 2,
        "future_high": (margin - cost) * 2,
        "realised_profit": realised,
        "clv": realised + margin - cost,
        "break_even": "paid_back",
    }
    return Valuation.objects.create(**defaults | fields)


def lever_base(*, run=None, worth_class="", **fields):
    """What levers act on: 100 of margin on 300 of revenue, 20 of cost to serve."""
    nothing = {"revenue": 0.0, "margin_held": 0.0, "revenue_held": 0.0, "costs": {}}
    service = {"amount": 20.0, "held": 5.0, "with_orders": False}
    sums = {
        "margin": 100.0,
        "revenue": 300.0,
        "margin_held": 25.0,
        "revenue_held": 75.0,
        "costs": {"service": service},
    }
    newcomer = {
        "first": nothing | {"margin": 30.0},
        "later": nothing | {"margin": 50.0},
        "cost_to_win": 40.0,
    }
    known = {"customers": 2, "equity": Decimal("80.00"), "variance": 25.0}
    facts = {"products": [], "orders": 0, "costs": {}, "contacts": {}, "cases": {}}
    return LeverBase.objects.create(
        run=run or ValuationRun.objects.current(),
        worth_class=worth_class,
        sums=sums,
        newcomer=newcomer,
        facts=facts | {"won": 1, "offers": [0, 0.0]},
        **known | fields,
    )


def scenario(*, author, **fields):
    """Levers that somebody moved and kept, without a promise."""
    known = {"name": "Serve for less", "levers": {"saving_service": 10.0}}
    known |= {"as_of": dt.date(2026, 1, 15), "equity_before": 1, "equity_after": 2}
    known |= {"change_low": 1, "change_high": 1, "parts": {"serving": 100}}
    return LeverScenario.objects.create(author=author, **known | fields)


def nomination(*, author, quarter=dt.date(2026, 1, 1), named=(), best=(), **fields):
    """A submitted list: accounts named, and those the night holds for the best."""
    run = fields.pop("run", None) or ValuationRun.objects.current()
    named, best = list(named), list(best)
    both = len(set(named) & set(best))
    known = {"run": run, "as_of": run.as_of, "size": max(len(named), 1)}
    known |= {"among": 10, "both": both, "both_by_clv": both}
    known |= {"submitted_at": timezone.now()}
    made = Nomination.objects.create(author=author, quarter=quarter, **known | fields)
    for rank, one in enumerate(dict.fromkeys([*best, *named]), start=1):
        NominationEntry.objects.create(
            nomination=made,
            account=one,
            is_named=one in named,
            is_best=one in best,
            rank=rank,
            clv_rank=rank,
            future_value=Decimal(100 - rank),
            clv=Decimal(200 - rank),
            margin=Decimal(50),
        )
    return made


def class_policy(**fields):
    return ClassPolicy.objects.create(
        **{
            "realised_threshold": Decimal("500.00"),
            "expected_threshold": Decimal("1000.00"),
            "reason": "For the test",
        }
        | fields
    )


def membership(*, account, worth_class="general", since=dt.date(2026, 1, 1), **fields):
    return Membership.objects.create(
        **{
            "account": account,
            "worth_class": worth_class,
            "since": since,
            "reason": "For the test",
            "run": fields.pop("run", None)
            or ValuationRun.objects.current()
            or globals()["run"](),
            "policy": fields.pop("policy", None)
            or ClassPolicy.objects.current()
            or class_policy(),
        }
        | fields
    )


def effect(*, author=None, **fields):
    """An effect that was measured; of the class "general" unless named otherwise."""
    if not {"plan", "channel", "worth_class"} & set(fields):
        fields["worth_class"] = "general"
    known = {"effect": Decimal("0.2000"), "accounts": 240, "source": "hold-out"}
    known |= {"low": Decimal("0.1000"), "high": Decimal("0.3000")}
    known |= {"measured_from": dt.date(2025, 1, 1), "reason": "first measured"}
    known |= {"measured_until": dt.date(2025, 12, 31)}
    known |= {"author": author or user(Role.MARKETER)}
    return MeasuredEffect.objects.create(**known | fields)


def campaign(*, owner=None, **fields):
    """A draft from today on, for a month."""
    today = business_today()
    known = {
        "name": f"Campaign {next(_number)}",
        "kind": "keep",
        "owner": owner or user("marketer"),
        "starts_on": today,
        "ends_on": today + dt.timedelta(days=30),
    }
    made = Campaign.objects.create(**known | fields)
    made.refresh_from_db()
    return made


def begun(campaign, *, status="running", **fields):
    """Let a campaign run, without asking anything or planning a touch."""
    now = timezone.now()
    known = {"status": status, "started_at": now}
    known |= {"ended_at": now} if status == "ended" else {}
    Campaign.objects.filter(pk=campaign.pk).update(**known | fields)
    campaign.refresh_from_db()
    return campaign


def enrolment(*, campaign, **fields):
    if not {"account", "account_id"} & set(fields):
        fields["account"] = account()
    return Enrolment.objects.create(campaign=campaign, **fields)


def library_touch(**fields):
    known = {
        "title": f"Touch {next(_number)}",
        "channel": "post",
        "cadence": "year",
        "owner_role": "marketer",
        "head": "marketing",
        "unit_cost": Decimal("1.30"),
    }
    return LibraryTouch.objects.create(**known | fields)


def campaign_touch(*, campaign, **fields):
    known = {
        "title": f"Touch {next(_number)}",
        "channel": "post",
        "cadence": "once",
        "owner_role": "marketer",
        "head": "marketing",
        "unit_cost": Decimal("1.30"),
        "version": unfollowed_version("Campaigns", "Touches that campaigns ask for."),
    }
    return TouchTemplate.objects.create(campaign=campaign, **known | fields)
