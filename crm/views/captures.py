"""Capture without typing: mailboxes and calendars, and the meetings in them."""

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from common.access import requires
from common.errors import DomainError
from common.htmx import wants_fragment
from crm import permissions
from crm.capture_choices import MeetingStatus
from crm.forms.captures import MailboxForm, MeetingForm, SubscriptionForm
from crm.models import CalendarSubscription, Mailbox, Meeting
from crm.requests import SignedInRequest
from crm.services import (
    calendars,
    capture_sources,
    mailboxes,
    meetings,
)
from crm.services.mailboxes import Trial

MOST_MEETINGS = 50  # to be confirmed, the last ones


@require_GET
@requires(permissions.LOG_TOUCHPOINTS)
def capture_list(request: SignedInRequest) -> HttpResponse:
    """Show what is connected and how it goes; administrators see everybody's."""
    return _list(request, SubscriptionForm())


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def mailbox_new(request: SignedInRequest) -> HttpResponse:
    form = MailboxForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = mailboxes.connect_mailbox(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            _refuse(form, error)
        else:
            messages.success(
                request,
                f"Connected: {made}. Within half a minute it is read.",
            )
            return redirect("crm:capture_list")
    return _mailbox_page(request, form)


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def mailbox_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    mailbox = get_object_or_404(Mailbox, pk=pk, user=request.user)
    form = MailboxForm(request.POST or None, mailbox=mailbox)
    if request.method == "POST" and form.is_valid():
        try:
            mailboxes.change_mailbox(
                actor=request.user, mailbox=mailbox, **form.cleaned_data
            )
        except DomainError as error:
            _refuse(form, error)
        else:
            messages.success(request, f"{mailbox} was changed and is read again.")
            return redirect("crm:capture_list")
    return _mailbox_page(request, form, mailbox)


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def mailbox_try(request: SignedInRequest) -> HttpResponse:
    """Sign in with what is typed, or to a connected mailbox; nothing is captured."""
    mailbox, trial, problem = None, None, ""
    if (pk := request.POST.get("mailbox", "")).isdecimal():
        mailbox = get_object_or_404(Mailbox, pk=pk, user=request.user)
    form = MailboxForm(request.POST, mailbox=mailbox)
    try:
        if mailbox is not None and "host" not in request.POST:
            trial = mailboxes.try_mailbox(actor=request.user, mailbox=mailbox)
        elif form.is_valid():
            trial = mailboxes.try_typed(
                actor=request.user, stored=mailbox, **form.cleaned_data
            )
        else:
            field, said = next(iter(form.errors.items()))
            problem = f"{form[field].label}: {said[0]}"
    except DomainError as error:
        problem = error.message
    if wants_fragment(request):
        context = {"trial": trial, "problem": problem, "mailbox": mailbox}
        return render(request, "crm/captures/_trial.html", context)
    _say(request, trial, problem)
    return redirect("crm:capture_list")


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def mailbox_act(request: SignedInRequest, pk: int) -> HttpResponse:
    """Read a mailbox now, let it rest, go on, or forget it."""
    mailbox = get_object_or_404(Mailbox.objects.visible_to(request.user), pk=pk)
    act = request.POST.get("act", "")
    name = str(mailbox)
    if act == "disconnect":
        mailboxes.disconnect_mailbox(actor=request.user, mailbox=mailbox)
        messages.success(request, f"{name} is forgotten. What was captured stays.")
    else:
        _switch(request, mailbox, act)
    return redirect("crm:capture_list")


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def calendar_new(request: SignedInRequest) -> HttpResponse:
    form = SubscriptionForm(request.POST)
    if form.is_valid():
        try:
            made = calendars.subscribe(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            _refuse(form, error)
        else:
            messages.success(
                request,
                f"Connected: {made}. Meetings wait in Today once they are over.",
            )
            return redirect("crm:capture_list")
    return _list(request, form, status=422)


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def calendar_act(request: SignedInRequest, pk: int) -> HttpResponse:
    """Read a calendar now, let it rest, go on, or forget it."""
    rows = CalendarSubscription.objects.visible_to(request.user)
    row = get_object_or_404(rows, pk=pk)
    act = request.POST.get("act", "")
    name = str(row)
    if act == "disconnect":
        calendars.unsubscribe(actor=request.user, subscription=row)
        messages.success(request, f"{name} is forgotten. What was logged stays.")
    else:
        _switch(request, row, act)
    return redirect("crm:capture_list")


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def meeting(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say how a meeting of a calendar went, which logs it, or that it never was."""
    rows = Meeting.objects.visible_to(request.user)
    row = get_object_or_404(rows.select_related("account", "contact", "user"), pk=pk)
    form = MeetingForm(request.POST or None, meeting=row)
    if request.method == "POST" and form.is_valid():
        try:
            meetings.confirm(actor=request.user, meeting=row, **form.cleaned_data)
        except DomainError as error:
            _refuse(form, error)
        else:
            messages.success(request, f"Logged with {row.account}.")
            return redirect(_timeline(row))
    status = 422 if form.errors else 200
    context = {
        "meeting": row,
        "form": form,
        "is_open": row.status == MeetingStatus.PROPOSED,
        "timeline_url": _timeline(row),
    }
    return render(request, "crm/captures/meeting.html", context, status=status)


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def meeting_confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """Log a meeting as it stands in the calendar."""
    row = get_object_or_404(Meeting.objects.visible_to(request.user), pk=pk)
    try:
        meetings.confirm(actor=request.user, meeting=row)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Logged with {row.account}.")
    return redirect("crm:capture_list")


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def meeting_dismiss(request: SignedInRequest, pk: int) -> HttpResponse:
    """Note that it did not take place."""
    row = get_object_or_404(Meeting.objects.visible_to(request.user), pk=pk)
    try:
        meetings.dismiss(actor=request.user, meeting=row)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Noted: it did not take place. Nothing was logged.")
    return redirect("campaigns:today")


def _list(
    request: SignedInRequest, form: SubscriptionForm, *, status: int = 200
) -> HttpResponse:
    boxes = Mailbox.objects.visible_to(request.user).select_related("user")
    rows = CalendarSubscription.objects.visible_to(request.user).select_related("user")
    mine = Meeting.objects.to_confirm().visible_to(request.user)
    mine = mine.filter(user=request.user).select_related("account", "contact")
    context = {
        "meetings": mine.order_by("-ends_at", "pk")[:MOST_MEETINGS],
        "mailboxes": boxes,
        "calendars": rows,
        "form": form,
        "sees_others": any(one.user_id != request.user.pk for one in (*boxes, *rows)),
    }
    return render(request, "crm/captures/list.html", context, status=status)


def _mailbox_page(
    request: SignedInRequest, form: MailboxForm, mailbox: Mailbox | None = None
) -> HttpResponse:
    context = {"form": form, "mailbox": mailbox}
    status = 422 if form.errors else 200
    return render(request, "crm/captures/mailbox.html", context, status=status)


def _refuse(form: BaseForm, error: DomainError) -> None:
    form.add_error(error.field if error.field in form.fields else None, error.message)


def _switch(
    request: SignedInRequest, row: Mailbox | CalendarSubscription, act: str
) -> None:
    if act == "read":
        capture_sources.read_soon(row)
        messages.success(request, f"{row} is read within half a minute.")
        return
    capture_sources.switch(actor=request.user, source=row, is_active=act == "resume")
    said = "is read again" if row.is_active else "is not read any more"
    messages.success(request, f"{row} {said}.")


def _say(request: SignedInRequest, trial: Trial | None, problem: str) -> None:
    if trial is None:
        messages.error(request, problem)
    else:
        messages.success(request, "It works.")


def _timeline(row: Meeting) -> str:
    return f"{reverse('crm:account_detail', args=[row.account_id])}?tab=timeline"
