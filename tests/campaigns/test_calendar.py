"""The calendar: what stands on which day, moving it, visits by place, and the feed."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from campaigns.models import PlannedTouch, TouchTemplate
from campaigns.queries.calendar import MONTH, WEEK, calendar, span
from common.clock import business_today
from crm.models import AuditEvent, CalendarFeed, EventType, LifeEvent, Task
from tests import make

URL = reverse("campaigns:calendar")
MOVE = reverse("campaigns:calendar_move")
VISITS = reverse("campaigns:visit_day")
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def task(account, *, on, owner=None, **fields):
    return Task.objects.create(
        **{
            "account": account,
            "owner": owner or account.owner,
            "title": "Call back",
            "due_on": on,
        }
        | fields
    )


def touch(account, *, on, channel="visit"):
    template = TouchTemplate.objects.filter(owner_role="rep", channel=channel).first()
    return PlannedTouch.objects.create(
        account=account,
        template=template,
        lineage=template.lineage,
        period=f"{on:%Y-%j}",
        due_on=on,
        owner_role="rep",
    )


@pytest.fixture
def today(db):
    return business_today()


@pytest.fixture
def own(rep):
    return make.account(name="Elm", owner=rep, city="Kiel", postcode="24103")


def entries(user, on, *, view="day", whose=None):
    found = calendar(user=user, view=view, on=on, whose=whose)
    return [entry for day in found.days for entry in day.entries]


@pytest.mark.parametrize(
    ("view", "first", "last"),
    [
        ("day", dt.date(2026, 3, 29), dt.date(2026, 3, 29)),
        (WEEK, dt.date(2026, 3, 23), dt.date(2026, 3, 29)),
        (MONTH, dt.date(2026, 3, 1), dt.date(2026, 3, 31)),
    ],
)
def test_views_hold_whole_days_weeks_and_months(view, first, last):
    assert span(view, dt.date(2026, 3, 29)) == (first, last)


def test_every_kind_stands_on_its_day(rep, own, ready, today):
    task(own, on=today, due_at=dt.time(9, 30), minutes=20, kind="call")
    planned = touch(own, on=today)
    make.touchpoint(account=own, user=rep, channel="visit", occurred_at=timezone.now())
    LifeEvent.objects.create(
        account=own, type=EventType.objects.first(), occurred_on=today
    )
    make.deal(account=own, close_on=today)
    task(own, on=today + dt.timedelta(days=1))
    found = {entry.kind: entry for entry in entries(rep, today, whose=rep)}
    assert set(found) == {"task", "touch", "contact", "event", "deal"}
    assert (found["task"].at, found["task"].minutes) == (dt.time(9, 30), 20)
    template = planned.template
    assert found["touch"].plan == template.version.plan.name
    assert found["touch"].cost > template.unit_cost  # minutes are paid too
    assert found["contact"].is_done
    assert not found["event"].may_move


def test_times_are_the_companys_on_the_days_of_change(rep, own):
    """Berlin leaves summer time at 03:00 on 25 October 2026 and has 02:30 twice."""
    for hour in (0, 1, 22):  # UTC
        at = dt.datetime(2026, 10, 25, hour, 30, tzinfo=dt.UTC)
        make.touchpoint(account=own, user=rep, channel="visit", occurred_at=at)
    late = dt.datetime(2026, 10, 25, 23, 30, tzinfo=dt.UTC)
    make.touchpoint(account=own, user=rep, channel="visit", occurred_at=late)
    found = entries(rep, dt.date(2026, 10, 25), whose=rep)
    assert [entry.at for entry in found] == [
        dt.time(2, 30),
        dt.time(2, 30),
        dt.time(23, 30),
    ]
    (after,) = entries(rep, dt.date(2026, 10, 26), whose=rep)
    assert after.at == dt.time(0, 30)


def test_a_rep_sees_the_own_a_manager_whoever_is_chosen(
    client, rep, colleague, manager, own, today
):
    task(own, on=today, title="Mine")
    task(make.account(owner=colleague), on=today, title="Theirs")
    task(None, on=today, owner=manager, title="My own")
    client.force_login(rep)
    text = client.get(URL, {"who": "team"}).text
    assert "Mine" in text
    assert "Theirs" not in text
    client.force_login(manager)
    assert "My own" in client.get(URL).text
    assert "Theirs" not in client.get(URL).text
    assert "Theirs" in client.get(URL, {"who": "team"}).text
    assert "Theirs" in client.get(URL, {"who": colleague.pk}).text


@pytest.mark.parametrize("view", ["day", "week", "month", "nonsense"])
@pytest.mark.parametrize("on", ["", "2026-02-30", "0001-01-01", "2026-10-25"])
def test_any_address_opens(client, rep, own, today, view, on):
    client.force_login(rep)
    assert client.get(URL, {"view": view, "on": on}).status_code == 200


def test_fragment_and_page(client, rep, own, today):
    client.force_login(rep)
    assert "<html" in client.get(URL).text
    assert "<html" not in client.get(URL, headers=HTMX).text


def test_queries_do_not_grow(client, manager, rep, ready, today, assert_flat_queries):
    client.force_login(manager)

    def grow():
        for _ in range(3):
            account = make.account(owner=rep)
            task(account, on=today)
            touch(account, on=today)
            make.deal(account=account, close_on=today)

    grow()
    assert_flat_queries(lambda: client.get(URL, {"who": "team"}), grow)


# -- Moving ---------------------------------------------------------------------------


def test_a_task_moves_and_comes_back(client, rep, own, today):
    one = task(own, on=today)
    later = today + dt.timedelta(days=2)
    client.force_login(rep)
    data = {"kind": "task", "pk": one.pk, "due_on": later.isoformat()}
    answer = client.post(MOVE, data, headers=HTMX)
    one.refresh_from_db()
    assert (answer.status_code, one.due_on) == (200, later)
    undone = client.post(answer.context["undo_url"], headers=HTMX)
    assert "calendar-changed" in undone.headers["HX-Trigger"]
    one.refresh_from_db()
    assert one.due_on == today


def test_a_planned_touch_moves_with_a_trace(client, rep, own, ready, today):
    one = touch(own, on=today)
    later = today + dt.timedelta(days=5)
    client.force_login(rep)
    client.post(MOVE, {"kind": "touch", "pk": one.pk, "due_on": later.isoformat()})
    one.refresh_from_db()
    assert one.due_on == later
    assert AuditEvent.objects.filter(action="touch.moved").count() == 1


@pytest.mark.parametrize("days", [-1, 93])
def test_a_touch_stays_within_what_is_planned(client, rep, own, ready, today, days):
    one = touch(own, on=today)
    wanted = today + dt.timedelta(days=days)
    client.force_login(rep)
    data = {"kind": "touch", "pk": one.pk, "due_on": wanted.isoformat()}
    answer = client.post(MOVE, data, headers=HTMX)
    assert (answer.status_code, "Choose a day from today" in answer.text) == (422, True)
    one.refresh_from_db()
    assert one.due_on == today


def test_nothing_of_a_colleague_moves(client, rep, colleague, ready, today):
    foreign = make.account(owner=colleague)
    later = (today + dt.timedelta(days=1)).isoformat()
    client.force_login(rep)
    for kind, one in (
        ("task", task(foreign, on=today)),
        ("touch", touch(foreign, on=today)),
    ):
        data = {"kind": kind, "pk": one.pk, "due_on": later}
        assert client.post(MOVE, data).status_code == 404
        one.refresh_from_db()
        assert one.due_on == today
    assert (
        client.post(MOVE, {"kind": "task", "pk": "x", "due_on": later}).status_code
        == 404
    )
    assert client.post(MOVE, {"due_on": "no"}, headers=HTMX).status_code == 422


# -- Visits ---------------------------------------------------------------------------


def test_visits_go_by_place_or_by_hand(client, rep, own, ready, today):
    far = make.account(name="Fir", owner=rep, city="Kiel", postcode="24159")
    place = {"city": "Kiel", "postcode": "24103", "street": "Am Kai 3"}
    near = make.account(name="Ash", owner=rep, phone="0431 77", **place)
    nowhere = make.account(name="Bay", owner=rep)
    planned = touch(own, on=today)
    for account in (far, nowhere, near):
        task(account, on=today, kind="visit", title="See them", minutes=45)
    task(own, on=today, kind="call")
    client.force_login(rep)
    shown = client.get(VISITS).context["shown"]
    assert [one.account.name for one in shown.visits] == ["Elm", "Ash", "Fir", "Bay"]
    assert shown.minutes == 3 * 45 + planned.template.minutes
    assert shown.visits[1].place == "Am Kai 3, 24103 Kiel"
    assert shown.visits[1].map_url.endswith("Am+Kai+3%2C+24103+Kiel")
    text = client.get(VISITS).text
    assert "No address is known." in text
    assert 'href="tel:0431 77" data-log-attempt' in text
    assert reverse("campaigns:account_brief", args=[near.pk]) in text
    last = shown.visits[3].entry.key
    again = client.get(VISITS, {"order": f"{last},nonsense"}).context["shown"]
    assert [one.account.name for one in again.visits] == ["Bay", "Elm", "Ash", "Fir"]
    assert "No visits on this day" in client.get(VISITS, {"on": "2026-01-01"}).text


def test_an_arrow_keeps_the_keyboard_on_the_visit_that_it_moved(
    client, rep, ready, today
):
    for town in ("1", "2", "3"):
        account = make.account(
            name=f"Town {town}", owner=rep, city="Kiel", postcode=f"2410{town}"
        )
        task(account, on=today, kind="visit")
    client.force_login(rep)
    rows = client.get(VISITS).context["rows"]
    assert [row.focus for row in rows] == ["", "", ""]

    def press(row, way):
        asked = {"order": getattr(row, way), "moved": row.visit.entry.key, "way": way}
        answer = client.get(VISITS, asked, headers=HTMX)
        assert answer.text.lstrip().startswith('<div id="visits"')
        assert answer.text.count(" autofocus") == 1
        return [(r.visit.account.name[-1], r.focus) for r in answer.context["rows"]]

    assert press(rows[2], "earlier") == [("1", ""), ("3", "earlier"), ("2", "")]
    assert press(rows[0], "later") == [("2", ""), ("1", "later"), ("3", "")]
    # At an end the arrow that was pressed is gone; the other one takes the keyboard.
    assert press(rows[1], "earlier") == [("2", "later"), ("1", ""), ("3", "")]
    assert press(rows[1], "later") == [("1", ""), ("3", ""), ("2", "earlier")]


# -- The feed -------------------------------------------------------------------------


def test_the_feed_tells_what_is_open_and_ends_when_revoked(
    client, rep, colleague, own, today
):
    task(own, on=today, title="Whole day")
    at = task(own, on=dt.date(2026, 7, 1), title="Summer", due_at=dt.time(9, 0))
    Task.objects.filter(pk=at.pk).update(due_on=today, minutes=45)
    task(make.account(owner=colleague), on=today, title="Theirs")
    client.force_login(rep)
    address = client.post(reverse("campaigns:feed_create")).context["address"]
    client.logout()
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    events = {
        str(one["summary"]): one
        for one in Calendar.from_ical(answer.content).walk("VEVENT")
    }
    assert set(events) == {"Whole day, Elm", "Summer, Elm"}
    timed = events["Summer, Elm"]
    begin = timed["dtstart"].dt
    assert timezone.localtime(begin).time() == dt.time(9, 0)
    assert timed["dtend"].dt - begin == dt.timedelta(minutes=45)
    assert events["Whole day, Elm"]["dtstart"].dt == today

    client.force_login(rep)
    newer = client.post(reverse("campaigns:feed_create")).context["address"]
    assert client.get(address).status_code == 404
    client.post(reverse("campaigns:feed_revoke"))
    assert client.get(newer).status_code == 404
    assert not CalendarFeed.objects.exists()


def test_a_feed_of_somebody_who_left_is_closed(client, rep, own):
    client.force_login(rep)
    address = client.post(reverse("campaigns:feed_create")).context["address"]
    rep.is_active = False
    rep.save()
    client.logout()
    assert client.get(address).status_code == 404
