"""Meetings that calendars tell of: proposed, followed, logged once confirmed."""

import datetime as dt
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from common.calendars import UnreadableCalendarError
from common.errors import DomainError
from crm.models import CalendarSubscription, LedgerEntry, Meeting, Touchpoint
from crm.services import calendars, meetings
from tests import make

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def zoe(rep):
    account = make.account(owner=rep)
    return make.contact(account=account, name="Zoë", email="zoe@firm.example")


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=0)


def event(starts, *, uid="m-1", minutes=45, more="", who="zoe@firm.example"):
    return (
        f"BEGIN:VEVENT\nUID:{uid}\nDTSTART:{starts.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}\n"
        f"DURATION:PT{minutes}M\nSUMMARY:Prices\nATTENDEE:mailto:{who}\n{more}"
        "END:VEVENT\n"
    )


def calendar(*events, head=""):
    inside = "".join(events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{head}{inside}END:VCALENDAR\n"
    return text.replace("\n", "\r\n")


def follow(rep, *events, head="", **options):
    found = meetings.follow_calendar(
        actor=rep, text=calendar(*events, head=head), **options
    )
    return found.proposed, found.withdrawn, found.passed


def test_a_meeting_that_is_over_is_confirmed_with_one_press(rep, zoe, now, client):
    own = f"ORGANIZER:mailto:{rep.email}\n"
    ahead = event(now + HOUR, uid="m-2")
    assert follow(rep, event(now - HOUR, more=own), ahead) == (2, 0, 0)
    assert follow(rep, event(now - HOUR, more=own), ahead) == (0, 0, 0)
    assert Touchpoint.objects.count() == 0
    client.force_login(rep)
    today = reverse("campaigns:today")
    (item,) = client.get(today).context["todo"].due
    assert (item.title, item.done) == ("Meeting with Zoë, 45 min", "Confirm")

    pressed = {"item": item.mark, "act": "settle"}
    for _ in range(2):
        client.post(reverse("campaigns:today_act"), pressed)
    row = Touchpoint.objects.get()
    assert (row.channel, row.contact, row.user, row.minutes, row.note, row.source) == (
        *("meeting", zoe, rep, 45, "Prices", "calendar"),
    )
    assert row.occurred_at == now - HOUR
    assert LedgerEntry.objects.get().touchpoint == row
    assert client.get(today).context["todo"].due == []
    # What the calendar tells afterwards changes nothing that was confirmed.
    assert follow(rep, event(now - 2 * HOUR, more="STATUS:CANCELLED\n")) == (0, 0, 0)

    client.post(f"{reverse('campaigns:today_unsettle')}?item={item.mark}")
    assert Touchpoint.objects.standing().count() == 0
    (again,) = client.get(today).context["todo"].due
    assert again.mark != item.mark
    client.post(reverse("campaigns:today_act"), {"item": again.mark, "act": "settle"})
    assert Touchpoint.objects.standing().get().minutes == 45


def test_a_calendar_moves_and_withdraws_what_it_proposed(rep, zoe, now):
    follow(rep, event(now - 3 * HOUR, more="SEQUENCE:1\n"))
    moved = event(now - HOUR, minutes=30, more="SEQUENCE:2\n")
    assert follow(rep, moved) == (1, 0, 0)
    row = Meeting.objects.get()
    assert (row.starts_at, row.minutes) == (now - HOUR, 30)
    assert follow(rep, event(now - 3 * HOUR, more="SEQUENCE:1\n")) == (0, 0, 0)
    assert follow(rep, event(now, more="SEQUENCE:3\nSTATUS:CANCELLED\n")) == (0, 1, 0)
    assert follow(rep, event(now - HOUR, more="SEQUENCE:4\n")) == (1, 0, 0)
    no = f"ATTENDEE;PARTSTAT=DECLINED:mailto:{rep.email}\n"
    assert follow(rep, event(now - HOUR, more=f"SEQUENCE:5\n{no}")) == (0, 1, 0)
    assert follow(rep, event(now - HOUR, more="SEQUENCE:6\n")) == (1, 0, 0)
    cancelled = "BEGIN:VEVENT\nUID:m-1\nSEQUENCE:7\nEND:VEVENT\n"
    assert follow(rep, cancelled, head="METHOD:CANCEL\n") == (0, 1, 0)
    row.refresh_from_db()
    assert row.status == "withdrawn"
    with pytest.raises(DomainError, match="withdrawn by the calendar"):
        meetings.confirm(actor=rep, meeting=row)

    follow(rep, event(now - HOUR, uid="m-2"))
    second = Meeting.objects.get(uid="m-2")
    meetings.dismiss(actor=rep, meeting=second)
    assert follow(rep, event(now - HOUR, uid="m-2")) == (0, 0, 0)
    assert follow(rep, event(now - 2 * HOUR, uid="m-2")) == (1, 0, 0)
    assert Touchpoint.objects.count() == 0


def test_a_series_is_followed_day_by_day(rep, zoe):
    first = dt.datetime(2026, 10, 12, 10, tzinfo=BERLIN)
    until = dt.datetime(2026, 11, 10, tzinfo=BERLIN)
    rule = "RRULE:FREQ=WEEKLY\nEXDATE:20261026T090000Z\n"
    series = event(first, more=rule).replace(
        f"DTSTART:{first.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}",
        "DTSTART;TZID=Europe/Berlin:20261012T100000",
    )
    moved = event(first, more="RECURRENCE-ID:20261102T090000Z\n").replace(
        "DTSTART:20261012T080000Z", "DTSTART:20261103T140000Z"
    )
    window = {"first": first, "last": until}
    assert follow(rep, series, moved, **window) == (4, 0, 0)
    begins = sorted(row.starts_at for row in Meeting.objects.all())
    # At ten by the clock on the wall, in summer and in winter.
    assert [one.astimezone(BERLIN).strftime("%d.%m. %H:%M") for one in begins] == [
        *("12.10. 10:00", "19.10. 10:00", "03.11. 15:00", "09.11. 10:00"),
    ]
    ended = series.replace("FREQ=WEEKLY", "FREQ=WEEKLY;UNTIL=20261020T000000Z")
    assert follow(rep, ended, **window) == (0, 2, 0)


def test_what_is_no_meeting_with_a_customer_is_passed_over(rep, colleague, zoe, now):
    foreign = make.account(owner=colleague)
    make.contact(account=foreign, email="ana@other.example")
    at = now - HOUR
    passed = [
        event(at, uid="u-1", who="nobody@nowhere.example"),
        event(at, uid="u-2", who=colleague.email),
        event(at, uid="u-3", who="ana@other.example"),
    ]
    nonsense = [
        event(at, uid="", who="zoe@firm.example"),
        event(at, uid="n-1", more="RRULE:FREQ=SECONDLY\n"),
        "BEGIN:VEVENT\nUID:n-2\nATTENDEE:mailto:zoe@firm.example\nEND:VEVENT\n",
        event(at, uid="n-3").replace("DURATION:PT45M", "DTEND:20200101T000000Z"),
    ]
    assert follow(rep, *passed, *nonsense) == (0, 0, 3)
    assert Meeting.objects.count() == 0
    for text in ("", "no calendar", "BEGIN:VCALENDAR\nBEGIN:VEVENT", "\x00" * 9):
        with pytest.raises(UnreadableCalendarError):
            meetings.follow_calendar(actor=rep, text=text)
    day = f"DTSTART;VALUE=DATE:{now:%Y%m%d}"
    whole = event(at, uid="d").replace("DURATION:PT45M\n", "")
    whole = whole.replace(whole.split("\n")[2], day)
    assert follow(rep, whole) == (1, 0, 0)
    assert Meeting.objects.get().minutes is None


class Published(BaseHTTPRequestHandler):
    text, status = "", 200

    def do_GET(self):
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.text.encode())

    def log_message(self, *words):
        """Say nothing."""


def test_a_published_calendar_is_read_again_and_again(rep, zoe, now, settings):
    with ThreadingHTTPServer(("127.0.0.1", 0), Published) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        settings.CAPTURE_INSIDE_HOSTS = [f"127.0.0.1:{server.server_port}"]
        url = f"http://127.0.0.1:{server.server_port}/secret-9.ics"
        Published.text, Published.status = "<html>", 200
        with pytest.raises(UnreadableCalendarError):
            calendars.subscribe(actor=rep, name="Mine", url=url)
        assert CalendarSubscription.objects.count() == 0

        Published.text = calendar(event(now - HOUR), event(now - 400 * HOUR, uid="old"))
        row = calendars.subscribe(actor=rep, name="Mine", url=url)
        assert "secret-9" not in str(CalendarSubscription.objects.values().get())
        CalendarSubscription.objects.update(created_at=now - 2 * HOUR)
        assert calendars.read_due() == 1
        Published.text = calendar()
        assert calendars.read_subscription(row.pk).withdrawn == 1
        Published.status = 410
        calendars.read_subscription(row.pk)
        row.refresh_from_db()
        assert "answers 410" in row.problem
        assert row.next_at > row.tried_at
        calendars.unsubscribe(actor=rep, subscription=row)
        server.shutdown()
    assert CalendarSubscription.objects.count() == 0
