"""Between which days an account is expected to pay back: from its run's own models."""

import datetime as dt

import pytest
from django.db import transaction
from django.urls import reverse

from clv.choices import BreakEven
from clv.models import PaybackRange, Valuation
from clv.services.execution import Work
from clv.services.payback import Payback, keep_ranges, payback_of
from clv.services.steps import recall
from common.templatetags.display import day, share
from tests import make
from tests.clv.changes.firm import EARLIER, TODAY, valued


@pytest.fixture
def debtor(accounts):
    """The account expected to bring most, whose winning is not earned back yet."""
    earlier = valued(EARLIER, current=False)
    best = Valuation.objects.of_run(earlier).order_by("-expected_margin")[0]
    cost = best.realised_profit + best.expected_margin / 3
    make.cost(account=best.account, kind="acquisition", amount=cost, on=best.first_on)
    return best.account


def test_the_range_holds_the_expected_day_and_is_the_same_each_time(debtor):
    run = valued(TODAY)
    value = Valuation.objects.of_run(run).get(account=debtor)
    assert value.break_even == BreakEven.EXPECTED
    found = payback_of(value=value, run=run)
    assert TODAY < found.low_on < value.break_even_on
    assert found.high_on is None or value.break_even_on < found.high_on
    assert 0.5 < found.probability <= 1.0
    assert payback_of(value=value, run=run) == found


def test_the_page_says_it(client, manager, debtor):
    run = valued(TODAY)
    value = Valuation.objects.of_run(run).get(account=debtor)
    client.force_login(manager)
    page = client.get(reverse("clv:account_value", args=[debtor.pk])).content.decode()
    said = f"Break-even expected by {day(value.break_even_on)}; 80 % "
    assert (
        said + payback_of(value=value, run=run).sentence.removeprefix("80 % ") in page
    )


def test_the_night_keeps_the_ranges_of_all_in_debt(client, manager, rep, debtor):
    run = valued(TODAY)
    owing = Valuation.objects.of_run(run).filter(
        break_even__in=["expected", "not_expected"]
    )
    asked = {one.account_id: payback_of(value=one, run=run) for one in owing}

    with transaction.atomic():
        kept = keep_ranges(run, *recall(Work(lease=None, run=run)))

    assert kept == PaybackRange.objects.count() == len(asked) > 1
    found = {one.account_id: one for one in PaybackRange.objects.all()}
    value = Valuation.objects.of_run(run).get(account=debtor)
    mine = found[debtor.pk]
    assert mine.probability == pytest.approx(asked[debtor.pk].probability, abs=0.12)
    assert TODAY < mine.low_on < value.break_even_on
    # From now on pages and lists show what was kept.
    shown = payback_of(value=value, run=run)
    assert (shown.low_on, shown.high_on) == (mine.low_on, mine.high_on)
    client.force_login(manager)
    columns = {"columns": "name,payback_chance,payback_range", "search": debtor.name}
    page = client.get(reverse("campaigns:account_list"), columns).text
    assert share(mine.probability) in page
    assert day(mine.low_on) in page
    api = client.get("/api/v1/valuations/paybacks/").json()["results"]
    assert {row["account"]: row["probability"] for row in api} == {
        key: one.probability for key, one in found.items()
    }
    client.force_login(rep)
    assert client.get("/api/v1/valuations/paybacks/").json()["results"] == []


def test_who_paid_back_or_never_ordered_has_none(accounts):
    run = valued(TODAY)
    paid = list(Valuation.objects.of_run(run).filter(break_even=BreakEven.PAID_BACK))
    assert paid
    assert [payback_of(value=one, run=run) for one in paid] == [None] * len(paid)
    fresh = Valuation.objects.of_run(run).filter(first_on=None)[0]
    assert payback_of(value=fresh, run=run) is None


def test_a_run_without_models_says_nothing_more(debtor):
    run = valued(TODAY)
    value = Valuation.objects.of_run(run).get(account=debtor)
    run.parameters = {}
    assert payback_of(value=value, run=run) is None


@pytest.mark.parametrize(
    ("low", "high", "sentence"),
    [
        (1, 40, "80 % between 2 Jan 2026 and 10 Feb 2026, 90\u202f% likely"),
        (1, None, "80 % not before 2 Jan 2026, 90\u202f% likely"),
        (None, None, "90\u202f% likely"),
    ],
)
def test_ends_beyond_the_horizon_are_not_named(low, high, sentence):
    start = dt.date(2026, 1, 1)
    ends = [None if one is None else start + dt.timedelta(one) for one in (low, high)]
    assert Payback(*ends, 0.9, 36).sentence == f"{sentence} within 36 months"
