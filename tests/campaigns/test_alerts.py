"""What the night tells, once, and closes when it is over; touches that expire."""

import datetime as dt

import pytest
from django.utils import timezone

from campaigns.choices import TouchStatus
from campaigns.engine.cadence import period_ends_on, period_of
from campaigns.models import Alert, PlannedTouch, SettledItem, TouchTemplate
from campaigns.services import alerts
from campaigns.services.planning import expire_touches
from clv.models import AccountSummary
from crm.models import AuditEvent, EventType, Holding, LifeEvent
from tests import make

TODAY = dt.date(2026, 11, 20)
SILENT = "Orders every 30 days, the last one {} days ago; with 71 % still a customer."


def days(n):
    return TODAY + dt.timedelta(days=n)


@pytest.fixture
def run(db):
    return make.run(as_of=TODAY)


def told(run, today=TODAY):
    """What the night tells, and that a second one tells nothing more."""
    found = alerts.tell(run=run, today=today)
    assert alerts.tell(run=run, today=today) == 0
    rows = Alert.objects.open().order_by("kind")
    assert found == len(rows)
    return [(row.kind, row.reason) for row in rows]


def test_moves_of_class_name_both_classes(run):
    for worth_class in ("general", "current_key"):
        account = make.account()
        make.membership(
            account=account,
            worth_class="potential_key",
            since=days(-90),
            until=days(-2),
        )
        make.membership(
            account=account, worth_class=worth_class, since=days(-2), reason="Why"
        )
    assert told(run) == [
        ("class_fell", "From Potential key to General. Why"),
        ("class_rose", "From Potential key to Current key. Why"),
    ]


def test_who_paid_back_lately_is_told(run):
    for since in (3, 15):
        AccountSummary.objects.create(
            account=make.account(), as_of=TODAY, paid_back_on=days(-since)
        )
    assert told(run) == [
        (
            "paid_back",
            "Its margin has paid for winning and serving it on 17 Nov 2026.",
        )
    ]


def test_a_break_even_that_moved_away_is_told(db):
    slipped, kept = make.account(), make.account()
    before = make.run(as_of=days(-30))
    now = make.run(as_of=TODAY)
    for run, on in ((before, days(100)), (now, days(140))):
        for account in (slipped, kept):
            make.valuation(
                account=account,
                run=run,
                order_days=2,
                break_even="expected",
                break_even_on=on if account == slipped else days(100),
            )
    ((kind, reason),) = told(now)
    assert kind == "payback_slipped"
    assert reason == (
        "Break-even is expected on 9 Apr 2027; on 21 Oct 2026 it was 28 Feb 2027."
    )


@pytest.mark.parametrize(
    ("silent", "expected"), [(44, False), (46, True), (120, True), (121, False)]
)
def test_a_usual_order_is_late_by_its_own_rhythm(run, silent, expected):
    last = days(-silent)
    make.valuation(
        account=make.account(),
        run=run,
        order_days=4,
        first_on=last - dt.timedelta(days=90),
        last_on=last,
        probability_alive=0.714,
    )
    found = told(run)
    assert found == (
        [
            (
                "repeat_late",
                SILENT.format(silent),
            )
        ]
        if expected
        else []
    )


def test_an_order_closes_what_was_late(run):
    account = make.account()
    value = {
        "account": account,
        "order_days": 4,
        "first_on": days(-150),
        "last_on": days(-60),
    }
    make.valuation(run=run, **value)
    assert len(told(run)) == 1
    later = make.run(as_of=days(1))
    make.valuation(run=later, **value | {"order_days": 5, "last_on": TODAY})
    assert told_closed(later, days(1)) == "Ordered again."


def told_closed(run, today):
    alerts.tell(run=run, today=today)
    row = Alert.objects.get()
    assert row.closed_on == today
    return row.closed_because


def test_what_ends_or_comes_soon_is_told_and_closed(run):
    account = make.account(acquired_on=dt.date(2016, 11, 25))
    holding = Holding.objects.create(
        account=account,
        product=make.product(name="Copier"),
        quantity=1,
        acquired_on=dt.date(2024, 1, 1),
        ends_on=days(80),
    )
    LifeEvent.objects.create(
        account=account,
        type=EventType.objects.get(key="moved"),
        occurred_on=days(10),
        note="To Kiel",
    )
    moved = EventType.objects.get(key="moved").name
    assert told(run) == [
        ("anniversary", "10 years with us on 25 Nov 2026."),
        ("event_coming", f"{moved} on 30 Nov 2026. To Kiel"),
        ("holding_ends", "Copier ends on 8 Feb 2027."),
    ]
    holding.status = "replaced"
    holding.save()
    alerts.tell(run=run, today=days(1))
    closed = Alert.objects.exclude(closed_on=None).get()
    assert closed.closed_because == "Ended, renewed or replaced."

    alerts.tell(run=run, today=days(32))
    assert not Alert.objects.open().filter(kind="event_coming").exists()


def slip(account, *, as_of, before, now):
    """Value an account twice: break-even moved from one day to another."""
    for run, on in (
        (make.run(as_of=as_of - dt.timedelta(days=30)), before),
        (make.run(as_of=as_of), now),
    ):
        make.valuation(
            account=account,
            run=run,
            order_days=2,
            break_even="expected",
            break_even_on=on,
        )
    return run


def test_a_further_slip_takes_the_place_of_the_one_before(db):
    account = make.account()
    first = slip(account, as_of=TODAY, before=days(100), now=days(140))
    assert alerts.tell(run=first, today=TODAY) == 1
    again = slip(account, as_of=days(2), before=days(100), now=days(200))
    assert alerts.tell(run=again, today=days(2)) == 1
    older, newer = Alert.objects.order_by("pk")
    assert (older.closed_on, older.closed_because) == (
        days(2),
        "A newer one says more.",
    )
    assert newer.closed_on is None


@pytest.mark.parametrize(("moved_to", "told_again"), [(165, 0), (240, 1)])
def test_who_settled_a_slip_hears_only_of_a_further_one(rep, db, moved_to, told_again):
    account = make.account(owner=rep)
    first = slip(account, as_of=TODAY, before=days(100), now=days(140))
    alerts.tell(run=first, today=TODAY)
    settled = Alert.objects.get()
    SettledItem.objects.create(source="alert", item=str(settled.pk), settled_by=rep)
    again = slip(account, as_of=days(2), before=days(100), now=days(moved_to))
    assert alerts.tell(run=again, today=days(2)) == told_again
    assert Alert.objects.count() == 1 + told_again


def test_where_an_account_stands_now_is_told_once(run):
    account = make.account()
    make.membership(
        account=account, worth_class="general", since=days(-90), until=days(-5)
    )
    up = make.membership(account=account, worth_class="potential_key", since=days(-5))
    assert [kind for kind, _ in told(run)] == ["class_rose"]
    up.until = days(-1)
    up.save()
    make.membership(account=account, worth_class="general", since=days(-1))
    assert alerts.tell(run=run, today=TODAY) == 1
    assert Alert.objects.open().get().kind == "class_fell"


def test_an_event_that_was_removed_or_is_over_is_closed(run):
    account, kind = make.account(), EventType.objects.get(key="moved")
    removed, over = (
        LifeEvent.objects.create(account=account, type=kind, occurred_on=days(n))
        for n in (10, 2)
    )
    assert alerts.tell(run=run, today=TODAY) == 2
    LifeEvent.objects.filter(pk=removed.pk).update(voided_at=timezone.now())
    assert alerts.tell(run=run, today=days(3)) == 0
    assert over.occurred_on < days(3)
    assert not Alert.objects.open().exists()


def test_merged_and_former_accounts_bring_no_news(run):
    for fields in ({"stage": "former"}, {"merged_into": make.account()}):
        AccountSummary.objects.create(
            account=make.account(**fields), as_of=TODAY, paid_back_on=days(-1)
        )
    assert told(run) == []


# -- Touches that expire ---------------------------------------------------------------


@pytest.mark.parametrize("cadence", ["week", "month", "quarter", "year"])
def test_a_period_s_end_is_read_from_its_label(cadence):
    for day in (dt.date(2026, 1, 1), dt.date(2026, 12, 31), dt.date(2027, 2, 3)):
        period = period_of(cadence, day)
        assert period_ends_on(f"{period.label}/2") == period.ends_on


def test_touches_expire_after_their_period_and_a_week(ready):
    template = TouchTemplate.objects.filter(title="Sales visit").first()

    def touch(period, due_on):
        return PlannedTouch.objects.create(
            account=make.account(),
            template=template,
            lineage=template.lineage,
            period=period,
            due_on=due_on,
            owner_role="rep",
        )

    over = touch("2026-Q3/1", dt.date(2026, 8, 3))
    lately = touch("2026-Q3/2", dt.date(2026, 9, 30))
    running = touch("2026-Q4/1", dt.date(2026, 10, 1))

    assert expire_touches(as_of=dt.date(2026, 10, 5)) == 1
    assert expire_touches(as_of=dt.date(2026, 10, 5)) == 0
    for row, status in (
        (over, TouchStatus.EXPIRED),
        (lately, TouchStatus.DUE),
        (running, TouchStatus.DUE),
    ):
        row.refresh_from_db()
        assert row.status == status
    assert (over.reason, over.closed_by) == ("Its period is over.", None)
    event = AuditEvent.objects.get(action="touch.expired")
    assert event.detail == {"touches": 1, "periods": {"2026-Q3/1": 1}}
    assert expire_touches(as_of=dt.date(2026, 10, 8)) == 1
