"""Makers of runs, values, classes and what people say of them."""

import datetime as dt
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from clv.choices import RunKind, RunStatus
from clv.models import Assumptions, Judgement, Valuation, ValuationRun
from segments.models import (
    ClassPolicy,
    LeverBase,
    LeverScenario,
    Membership,
    Nomination,
    NominationEntry,
)


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
