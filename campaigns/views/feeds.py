"""The calendar as iCalendar (RFC 5545), for the calendar program of a person."""

import datetime as dt
from http import HTTPStatus
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from icalendar import Calendar, Event

from campaigns import permissions
from campaigns.queries.calendar import Entry, entries_between
from common.access import for_everybody, requires
from common.clock import business_today
from common.zones import zone_of
from crm.requests import SignedInRequest
from crm.services import feeds

DAYS_BACK, DAYS_AHEAD = 30, 120
UNSTATED_MINUTES = 30
FED = frozenset({"task", "touch", "deal"})


@require_POST
@requires(permissions.VIEW_TODAY)
def feed_create(request: SignedInRequest) -> HttpResponse:
    """Make a secret address and show it, this once."""
    token = feeds.create_feed(actor=request.user)
    address = request.build_absolute_uri(reverse("campaigns:feed", args=[token]))
    answer = render(request, "campaigns/calendar/feed.html", {"address": address})
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@requires(permissions.VIEW_TODAY)
def feed_revoke(request: SignedInRequest) -> HttpResponse:
    feeds.revoke_feed(actor=request.user)
    messages.success(request, "The address of your calendar works no more.")
    return redirect("campaigns:calendar")


@require_GET
@for_everybody
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the calendar of whoever the secret belongs to."""
    user = feeds.owner_of(token)
    if user is None or not user.has_perm(permissions.VIEW_TODAY):
        raise Http404("no such calendar")
    today = business_today()
    calendar = Calendar()
    calendar.add("prodid", "-//Perennial//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Perennial")
    entries = entries_between(
        user=user,
        first=today - dt.timedelta(days=DAYS_BACK),
        last=today + dt.timedelta(days=DAYS_AHEAD),
        whose=user,
    )
    for entry in entries:
        if entry.kind in FED and not entry.is_done:
            calendar.add_component(_event(request, entry, zone_of(user)))
    return HttpResponse(
        calendar.to_ical(),
        content_type="text/calendar; charset=utf-8",
        headers={"Cache-Control": "private, no-store"},
        status=HTTPStatus.OK,
    )


def _event(request: HttpRequest, entry: Entry, zone: ZoneInfo) -> Event:
    event = Event()
    event.add("uid", f"{entry.key}@perennial")
    event.add("dtstamp", timezone.now())
    who = f", {entry.account.name}" if entry.account else ""
    event.add("summary", f"{entry.title}{who}")
    if entry.at is None:
        event.add("dtstart", entry.day)
        event.add("dtend", entry.day + dt.timedelta(days=1))
    else:
        # In UTC, so that the file needs no rules of zones; right on days of change too.
        local = dt.datetime.combine(entry.day, entry.at, tzinfo=zone)
        begin = local.astimezone(dt.UTC)
        minutes = entry.minutes or UNSTATED_MINUTES
        event.add("dtstart", begin)
        event.add("dtend", begin + dt.timedelta(minutes=minutes))
    if entry.account is not None and entry.account.city:
        account = entry.account
        place = f"{account.street}, {account.postcode} {account.city}"
        event.add("location", place.strip(" ,"))
    event.add("url", request.build_absolute_uri(entry.url))
    return event
