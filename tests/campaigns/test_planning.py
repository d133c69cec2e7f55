"""Planning: each member gets each touch once per period, on a day of its own."""

import datetime as dt
from collections import Counter

import pytest

from campaigns.choices import TouchStatus
from campaigns.models import PlannedTouch, PlanVersion, TouchTemplate
from campaigns.services import plans
from campaigns.services.planning import plan_touches
from crm.choices import Stage
from segments.models import Membership
from tests import make

TODAY = dt.date(2026, 11, 18)  # a Wednesday


def open_touches(account):
    rows = PlannedTouch.objects.due().filter(account=account)
    return {(t.template.title, t.period): t.due_on for t in rows}


def simulate(first, last, *, every=1):
    """Run the nights from `first` on, one in `every` days; they look 14 days ahead."""
    for n in range(0, (last - first).days + 1, every):
        plan_touches(as_of=first + dt.timedelta(n))


def move(account, worth_class, *, on):
    old = Membership.objects.open().get(account=account)
    old.until = on
    old.save()
    make.membership(account=account, worth_class=worth_class, since=on)


YEARLY = {
    "current_key": {"Printed magazine": 4, "Sales visit": 4},
    "potential_key": {"Printed magazine": 4, "Sales visit": 4},
    "general": {"Online issue": 12, "Phone follow-up": 4},
    "never_profitable": {"Yearly e-mail": 1},
}


def test_a_year_of_nights_gives_cadence_times_members(ready, member):
    accounts = [(member(key), key) for key in YEARLY for _ in range(3)]

    simulate(dt.date(2026, 1, 1), dt.date(2026, 12, 31), every=7)

    for account, worth_class in accounts:
        touches = PlannedTouch.objects.filter(account=account, due_on__year=2026)
        titles = Counter(touch.template.title for touch in touches)
        assert titles == YEARLY[worth_class]
        assert all(touch.due_on.isoweekday() <= 5 for touch in touches)
        assert all(touch.status == TouchStatus.DUE for touch in touches)


def test_several_touches_of_a_period_lie_in_its_parts(ready, member):
    TouchTemplate.objects.filter(title="Sales visit").update(times=3)
    account = member("current_key")

    simulate(dt.date(2026, 10, 1), dt.date(2026, 12, 31), every=3)

    visits = PlannedTouch.objects.filter(
        account=account, template__title="Sales visit", period__startswith="2026-Q4"
    ).order_by("due_on")
    assert [visit.period for visit in visits] == [
        "2026-Q4/1",
        "2026-Q4/2",
        "2026-Q4/3",
    ]


def test_days_are_spread_over_the_period(ready, member):
    for _ in range(60):
        member("never_profitable")

    for month in range(1, 13):
        plan_touches(as_of=dt.date(2026, month, 1), horizon_days=31)

    months = Counter(
        day.month
        for day in PlannedTouch.objects.values_list("due_on", flat=True)
        if day.year == 2026
    )
    assert len(months) >= 9
    assert max(months.values()) <= 15


def test_a_second_night_plans_nothing_more(ready, member):
    member("general")
    member("current_key")
    plan_touches(as_of=TODAY)
    before = list(PlannedTouch.objects.order_by("pk").values())

    assert plan_touches(as_of=TODAY) == 0
    assert list(PlannedTouch.objects.order_by("pk").values()) == before


def test_only_the_coming_days_are_planned(ready, member):
    for _ in range(20):
        member("general")

    assert plan_touches(as_of=TODAY) > 0

    days = set(PlannedTouch.objects.values_list("due_on", flat=True))
    assert min(days) >= TODAY
    assert max(days) < TODAY + dt.timedelta(days=14)


def test_a_missed_day_is_made_up_within_the_horizon(ready, member):
    """The servers were off from January to the last weeks of the year."""
    accounts = [member("never_profitable") for _ in range(20)]
    late = dt.date(2026, 12, 7)

    simulate(late, dt.date(2026, 12, 31))

    touches = PlannedTouch.objects.filter(period="2026/1")
    assert touches.count() == len(accounts)
    assert min(t.due_on for t in touches) >= late
    assert len({t.due_on for t in touches}) > 3


def test_who_joins_in_a_period_gets_its_touch_in_what_is_left(ready, member):
    joined = dt.date(2026, 12, 21)
    accounts = [member("current_key", since=joined) for _ in range(10)]

    simulate(joined, dt.date(2026, 12, 31))

    magazines = PlannedTouch.objects.filter(
        template__title="Printed magazine", period="2026-Q4/1"
    )
    assert magazines.count() == len(accounts)
    assert all(joined <= t.due_on <= dt.date(2026, 12, 31) for t in magazines)


def test_the_day_does_not_depend_on_the_night_that_plans_it(ready, member):
    """From the first day of a quarter on, when no day of it has been missed yet."""
    accounts = [member("general") for _ in range(12)]
    plan_touches(as_of=dt.date(2026, 10, 1), horizon_days=92)
    at_once = [open_touches(account) for account in accounts]
    PlannedTouch.objects.all().delete()

    simulate(dt.date(2026, 10, 1), dt.date(2026, 12, 31), every=3)

    for account, planned in zip(accounts, at_once, strict=True):
        night_by_night = open_touches(account)
        assert {key: night_by_night[key] for key in planned} == planned


def test_a_change_of_class_changes_the_touches(ready, member):
    account = member("general")
    plan_touches(as_of=TODAY, horizon_days=44)
    old = set(PlannedTouch.objects.due().values_list("pk", flat=True))
    move(account, "current_key", on=TODAY)

    plan_touches(as_of=TODAY, horizon_days=44)

    cancelled = PlannedTouch.objects.filter(pk__in=old)
    assert old
    assert {t.status for t in cancelled} == {TouchStatus.CANCELLED}
    assert {t.reason for t in cancelled} == {
        "Class changed from General to Current key."
    }
    assert {title for title, _ in open_touches(account)} == {
        "Printed magazine",
        "Sales visit",
    }


def test_who_rises_between_classes_with_one_touch_gets_it_once(ready, member):
    account = member("potential_key")
    simulate(dt.date(2026, 10, 1), dt.date(2026, 12, 30), every=5)
    magazine = PlannedTouch.objects.get(
        template__title="Printed magazine", period="2026-Q4/1"
    )
    close(magazine)
    move(account, "current_key", on=dt.date(2026, 12, 31))

    plan_touches(as_of=dt.date(2026, 12, 31))

    assert not PlannedTouch.objects.due().filter(
        template__title="Printed magazine", period="2026-Q4/1"
    )


def close(touch, status=TouchStatus.DONE):
    touch.status = status
    touch.closed_at = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    touch.save()


@pytest.mark.parametrize("status", [TouchStatus.DONE, TouchStatus.SKIPPED])
def test_what_is_closed_is_not_planned_again(ready, member, status):
    account = member("current_key")
    plan_touches(as_of=TODAY, horizon_days=44)
    for touch in PlannedTouch.objects.all():
        close(touch, status)

    assert plan_touches(as_of=TODAY, horizon_days=44) == 0
    assert open_touches(account) == {}


def test_a_return_to_the_class_plans_what_was_cancelled(ready, member):
    """On days of what is left of each period: who returns begins the plan today."""
    accounts = [member("general") for _ in range(8)]
    plan_touches(as_of=TODAY, horizon_days=44)
    before = [open_touches(account) for account in accounts]
    for account in accounts:
        move(account, "current_key", on=TODAY)
    plan_touches(as_of=TODAY, horizon_days=44)
    for account in accounts:
        Membership.objects.open().filter(account=account).delete()
        Membership.objects.filter(account=account).update(until=None)

    plan_touches(as_of=TODAY, horizon_days=44)

    ends = {"2026-11/1": dt.date(2026, 12, 1)}
    for account, planned in zip(accounts, before, strict=True):
        again = open_touches(account)
        assert again.keys() == planned.keys()
        assert PlannedTouch.objects.due().filter(account=account).count() == len(again)
        for (_, period), day in again.items():
            assert TODAY <= day < ends.get(period, dt.date(2027, 1, 1))
            assert day.isoweekday() <= 5

    assert plan_touches(as_of=TODAY, horizon_days=44) == 0


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"stage": Stage.FORMER}, "Not a customer any more."),
        ({"merged_into": "another"}, "Merged into another account."),
    ],
)
def test_who_is_no_customer_gets_nothing(ready, member, fields, reason):
    account = member("current_key")
    plan_touches(as_of=TODAY, horizon_days=44)
    if "merged_into" in fields:
        fields = {"merged_into": make.account()}
    type(account).objects.filter(pk=account.pk).update(**fields)

    plan_touches(as_of=TODAY, horizon_days=44)
    touches = PlannedTouch.objects.filter(account=account)
    assert {(t.status, t.reason) for t in touches} == {("cancelled", reason)}


def test_where_nobody_may_be_contacted_only_visits_stay(ready, member):
    account = member("current_key")
    wish = make.contact(account=account)
    plan_touches(as_of=TODAY, horizon_days=44)
    wish.do_not_contact = True
    wish.save()

    plan_touches(as_of=TODAY, horizon_days=44)

    assert {title for title, _ in open_touches(account)} == {"Sales visit"}
    magazine = PlannedTouch.objects.get(template__title="Printed magazine")
    assert magazine.reason == "Everybody there asked not to be contacted."


def test_one_person_who_may_be_contacted_is_enough(ready, member):
    account = member("current_key")
    make.contact(account=account, do_not_contact=True)
    make.contact(account=account)
    make.contact(account=account, do_not_contact=True, left_on=TODAY)

    plan_touches(as_of=TODAY, horizon_days=44)

    assert len(open_touches(account)) == 2


def test_a_class_without_plan_gets_nothing(ready, member, marketer):
    version = PlanVersion.objects.published().get(plan__worth_class="current_key")
    plans.archive(actor=marketer, version=version)
    account = member("current_key")

    plan_touches(as_of=TODAY, horizon_days=44)

    assert open_touches(account) == {}


def test_empty_firm_plans_nothing(db):
    assert plan_touches(as_of=TODAY) == 0
