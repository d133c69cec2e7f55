"""The calendar: what stands on which day, moved by hand or by key; visits of a day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from campaigns import permissions
from campaigns.models import PlannedTouch
from campaigns.queries.calendar import VIEWS, WEEK, Calendar, calendar
from campaigns.queries.visits import Visit, visits_of
from campaigns.services import moving
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.htmx import render_page, wants_fragment
from common.templatetags.display import day as day_words
from crm.models import CalendarFeed, Task, User
from crm.requests import SignedInRequest
from crm.services import tasks

TEAM = "team"
EARLIER, LATER = "earlier", "later"
EARLIEST, LATEST = dt.date(2000, 1, 1), dt.date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class ViewLink:
    """One view that can be chosen."""

    key: str
    title: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class ArrangedVisit:
    """A visit in its place, and the orders to which its arrows lead.

    `focus` names the arrow that keeps the keyboard after it moved the visit.
    """

    visit: Visit
    earlier: str
    later: str
    focus: str


@require_GET
@requires(permissions.VIEW_TODAY)
def calendar_page(request: SignedInRequest) -> HttpResponse:
    """Show a day, a week or a month of the own entries, or of the team's."""
    return render_page(
        request,
        "campaigns/calendar/page.html",
        fragment="campaigns/calendar/_calendar.html",
        context=_context(request),
    )


@require_POST
@requires(permissions.VIEW_TODAY)
def calendar_move(request: SignedInRequest) -> HttpResponse:
    """Put one entry on another day; answer with the calendar, or a word on an undo."""
    given = request.POST if "kind" in request.POST else request.GET
    is_undo = "undo" in request.GET
    kind, day = given.get("kind", ""), _day(given.get("due_on", ""))
    text, level, undo_url, status = "Choose a day.", "error", "", 422
    if day is not None:
        entry = _entry(request, kind, given.get("pk", ""))
        before = entry.due_on
        try:
            _move(request, entry, day)
        except DomainError as error:
            text = error.message
        else:
            text, level, status = f"Moved to {day_words(day)}.", "success", 200
            again = {"kind": kind, "pk": entry.pk, "due_on": before, "undo": "yes"}
            if before >= business_today():
                undo_url = f"{reverse('campaigns:calendar_move')}?{urlencode(again)}"
    if not wants_fragment(request):
        messages.add_message(
            request, messages.DEFAULT_LEVELS[level.upper()], text, extra_tags=undo_url
        )
        return redirect("campaigns:calendar")
    if is_undo:
        toast = {"text": text, "level": level}
        answer = render(request, "common/_toast.html", toast, status=status)
        return trigger_client_event(answer, "calendar-changed", {"target": "body"})
    context = _context(request) | {
        "toast": text,
        "toast_level": level,
        "undo_url": undo_url,
        "moved": f"{kind}-{given.get('pk', '')}",
    }
    return render(request, "campaigns/calendar/_moved.html", context, status=status)


def _entry(request: SignedInRequest, kind: str, key: str) -> Task | PlannedTouch:
    pk = int(key) if key.isdecimal() and len(key) < 19 else 0  # noqa: PLR2004
    if kind == "touch":
        touches = PlannedTouch.objects.visible_to(request.user)
        touch: PlannedTouch = get_object_or_404(touches, pk=pk)
        return touch
    task: Task = get_object_or_404(Task.objects.visible_to(request.user), pk=pk)
    return task


def _move(request: SignedInRequest, entry: Task | PlannedTouch, day: dt.date) -> None:
    if isinstance(entry, PlannedTouch):
        moving.move_touch(actor=request.user, touch=entry, due_on=day)
    else:
        tasks.change_task(actor=request.user, task=entry, due_on=day)


@require_GET
@requires(permissions.VIEW_TODAY)
def visit_day(request: SignedInRequest) -> HttpResponse:
    """List the visits of one day by place, or in the order that was put by hand."""
    day = _day(request.GET.get("on", "")) or business_today()
    whose, people = _whose(request)
    order = request.GET.get("order", "").split(",")
    shown = visits_of(user=request.user, day=day, whose=whose, order=order)
    context = {
        "shown": shown,
        "rows": _arranged(
            shown.visits, moved=request.GET.get("moved", ""), way=request.GET.get("way")
        ),
        "whose": whose,
        "people": people,
    }
    return render_page(
        request,
        "campaigns/calendar/visits.html",
        fragment="campaigns/calendar/_visits.html",
        context=context,
    )


def _arranged(
    visits: Sequence[Visit], *, moved: str, way: str | None
) -> list[ArrangedVisit]:
    """Return the visits with their arrows; where `moved` reached an end, the other."""
    keys = [visit.entry.key for visit in visits]
    rows = []
    for place, visit in enumerate(visits):
        earlier = _swapped(keys, place, place - 1)
        later = _swapped(keys, place, place + 1)
        has_moved = moved == keys[place]
        pressed = LATER if (way == LATER and later) or not earlier else EARLIER
        rows.append(ArrangedVisit(visit, earlier, later, pressed if has_moved else ""))
    return rows


def _swapped(keys: list[str], place: int, other: int) -> str:
    if not 0 <= other < len(keys):
        return ""
    order = list(keys)
    order[place], order[other] = order[other], order[place]
    return ",".join(order)


def _context(request: SignedInRequest) -> dict[str, Any]:
    view = request.GET.get("view", WEEK)
    view = view if view in VIEWS else WEEK
    on = _day(request.GET.get("on", "")) or business_today()
    whose, people = _whose(request)
    shown: Calendar = calendar(user=request.user, view=view, on=on, whose=whose)
    return {
        "shown": shown,
        "views": [ViewLink(key, title, key == view) for key, title in VIEWS.items()],
        "whose": whose,
        "people": people,
        "feed": CalendarFeed.objects.filter(user=request.user).first(),
        "today": business_today(),
    }


def _whose(request: SignedInRequest) -> tuple[User | None, list[User]]:
    """Return whose entries to show (None: the team's), and who can be chosen.

    Reps see their own; everybody else may look at one person or at all.
    """
    if not request.user.sees_every_account:
        return request.user, []
    people = list(User.objects.filter(is_active=True).order_by("name", "pk"))
    wanted = request.GET.get("who", "")
    if wanted == TEAM:
        return None, people
    by_key = {str(person.pk): person for person in people}
    return by_key.get(wanted, request.user), people


def _day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None
