"""Business dates at the turns of the clock: the company's day, never UTC's.

In 2026 the clocks of Europe/Berlin go forward on 29 March and back on 25 October, so
that those days have 23 and 25 hours.
"""

import datetime as dt
from decimal import Decimal

import pytest

from clv.models import Valuation
from clv.queries.inputs import accounts_known_on
from common.clock import day_ends_at
from crm.models import Account, LedgerEntry
from crm.services.touchpoints import log_touchpoint
from tests import make

FORWARD, BACK = dt.date(2026, 3, 29), dt.date(2026, 10, 25)
# Local midnight after each of them, and before.
ENDS = {FORWARD: "2026-03-29T22:00:00+00:00", BACK: "2026-10-25T23:00:00+00:00"}
BEGINS = {FORWARD: "2026-03-28T23:00:00+00:00", BACK: "2026-10-24T22:00:00+00:00"}
SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize("day", [FORWARD, BACK])
def test_a_turn_of_the_clock_makes_the_day_an_hour_shorter_or_longer(day):
    hours = (day_ends_at(day) - day_ends_at(day - dt.timedelta(days=1))) / SECOND / 3600
    # Not local arithmetic, which would make every day 24 hours.
    ends = day_ends_at(day).astimezone(dt.UTC)
    begins = day_ends_at(day - dt.timedelta(days=1)).astimezone(dt.UTC)
    assert (ends.isoformat(), begins.isoformat()) == (ENDS[day], BEGINS[day])
    assert (ends - begins) / SECOND / 3600 == {FORWARD: 23, BACK: 25}[day]
    assert hours == 24  # what the wall clock says


@pytest.mark.parametrize("day", [FORWARD, BACK])
def test_a_contact_costs_on_the_company_s_day(rep, day):
    account = make.account(owner=rep)
    begins, ends = (dt.datetime.fromisoformat(at[day]) for at in (BEGINS, ENDS))
    moments = [
        begins - SECOND,
        begins,
        begins + dt.timedelta(hours=2),
        ends - SECOND,
        ends,
    ]

    for moment in moments:
        log_touchpoint(
            actor=rep, account=account, channel="phone", occurred_at=moment, minutes=6
        )

    entries = LedgerEntry.objects.order_by("pk").values_list("incurred_on", flat=True)
    one = dt.timedelta(days=1)
    assert list(entries) == [day - one, day, day, day, day + one]


@pytest.mark.parametrize("day", [FORWARD, BACK])
def test_an_account_is_there_from_the_day_it_was_entered_on(db, day):
    ends = dt.datetime.fromisoformat(ENDS[day])
    last, next_day = make.account(), make.account()
    Account.objects.filter(pk=last.pk).update(created_at=ends - SECOND)
    Account.objects.filter(pk=next_day.pk).update(created_at=ends)

    assert set(accounts_known_on(day)) == {last}
    assert set(accounts_known_on(day + dt.timedelta(days=1))) == {last, next_day}


@pytest.mark.parametrize("day", [FORWARD, BACK])
def test_the_night_of_a_long_or_short_day_counts_whole_days(run_night, day):
    account = make.account()
    for back in (0, 1, 7):
        make.order(account=account, on=day - dt.timedelta(days=back))
    make.order(account=account, on=day + dt.timedelta(days=1))

    value = Valuation.objects.of_run(run_night(day)).get()

    assert (value.last_on - value.first_on).days == 7
    assert (value.order_days, value.margin) == (3, Decimal("120.00"))
