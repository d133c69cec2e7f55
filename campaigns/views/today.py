"""Today: what needs somebody, most gain first, one thing to press each."""

from dataclasses import astuple

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from campaigns import permissions
from campaigns.errors import CannotPutOffError
from campaigns.forms.agenda import PutOffForm
from campaigns.models import TouchTemplate
from campaigns.policy import TODAY_ROWS
from campaigns.queries import today as queries
from campaigns.queries.uncovered import Uncovered, classes_without_plan
from campaigns.services import agenda, sendings
from campaigns.views import gate
from campaigns.views.sendings import last_of, template_of
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.htmx import render_page, wants_fragment
from common.templatetags.display import count
from common.templatetags.display import day as day_words
from crm.choices import Role
from crm.models import User
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD

LONGEST_QUERY = 500
MOST_UNDONE = 20  # at once, from the message; more are brought back all together


class TeamForm(forms.Form):
    """Whose day is shown."""

    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("name", "pk"),
        required=False,
        empty_label="Everybody",
    )


@require_GET
@requires(permissions.VIEW_TODAY)
def today(request: SignedInRequest) -> HttpResponse:
    user, day = request.user, business_today()
    team = TeamForm(request.GET) if _sees_team(user) else None
    is_ahead = "ahead" in request.GET
    rows = queries.MOST_SHOWN if "all" in request.GET else TODAY_ROWS
    lacks = queries.lacks_accounts(user)
    does_sendings = user.has_perm(permissions.CHANGE_PLANS) and lacks != queries.FIRM
    return render_page(
        request,
        "campaigns/today/page.html",
        fragment="campaigns/today/_today.html",
        context={
            "today": day,
            "team": team,
            "is_ahead": is_ahead,
            "todo": queries.todo(
                user=user,
                today=day,
                owner=_chosen_owner(user, team),
                is_ahead=is_ahead,
                rows=rows,
            ),
            "sendings": queries.sendings(today=day) if does_sendings else [],
            "does_sendings": does_sendings,
            "form": PutOffForm(),
            "put_off": queries.put_off(user=user, today=day),
            "uncovered": _uncovered(user),
            "lacks": lacks,
        },
    )


@require_POST
@requires(permissions.VIEW_TODAY)
def today_act(request: SignedInRequest) -> HttpResponse:
    """Put what is ticked off, or settle it; one row's own buttons do the same."""
    marks = [agenda.Mark.read(text) for text in request.POST.getlist("item")]
    try:
        if request.POST.get("act") == "settle":
            done = agenda.settle(actor=request.user, marks=marks)
            undo_url = _url_with("campaigns:today_unsettle", marks)
            messages.success(request, f"Done: {count(done)}.", extra_tags=undo_url)
        else:
            _put_off(request, marks)
    except DomainError as error:
        messages.error(request, error.message)
    return _back(request)


@require_POST
@requires(permissions.VIEW_TODAY)
def today_wake(request: SignedInRequest) -> HttpResponse:
    """Bring back at once what the person put off: what `item` names, else all."""
    marks = [agenda.Mark.read(text) for text in request.GET.getlist("item")]
    woken = agenda.wake(actor=request.user, marks=marks[:MOST_UNDONE])
    messages.success(request, f"Brought back: {count(woken)}.")
    if wants_fragment(request):
        return HttpResponseClientRedirect(reverse("campaigns:today"))
    return redirect("campaigns:today")


@require_POST
@requires(permissions.VIEW_TODAY)
def today_unsettle(request: SignedInRequest) -> HttpResponse:
    """Take back what the person said was done: what `item` names."""
    marks = [agenda.Mark.read(text) for text in request.GET.getlist("item")]
    try:
        taken_back = agenda.unsettle(actor=request.user, marks=marks[:MOST_UNDONE])
        messages.success(request, f"Taken back: {count(taken_back)}.")
    except DomainError as error:
        messages.error(request, error.message)
    if wants_fragment(request):
        return HttpResponseClientRedirect(reverse("campaigns:today"))
    return redirect("campaigns:today")


def _put_off(request: SignedInRequest, marks: list[agenda.Mark]) -> None:
    form = PutOffForm(request.POST)
    if not form.is_valid():
        raise CannotPutOffError(str(next(iter(form.errors.values()))[0]))
    until = form.day()
    reason = form.cleaned_data["reason"]
    agenda.snooze(actor=request.user, marks=marks, until=until, reason=reason)
    messages.success(
        request,
        f"Put off until {day_words(until)}: {count(len(marks))}.",
        extra_tags=_url_with("campaigns:today_wake", marks),
    )


def _url_with(name: str, marks: list[agenda.Mark]) -> str:
    """Return the address that takes back what was done; empty for too many."""
    if len(marks) > MOST_UNDONE:
        return ""
    items = QueryDict(mutable=True)
    items.setlist("item", [f"{mark.source}:{mark.item}" for mark in marks])
    return f"{reverse(name)}?{items.urlencode()}"


def _back(request: SignedInRequest) -> HttpResponse:
    """Return to the list as it was asked for, without telling where else to go."""
    query = request.POST.get("query", "")[:LONGEST_QUERY]
    kept = QueryDict(query).urlencode()
    url = reverse("campaigns:today")
    return redirect(f"{url}?{kept}" if kept else url)


@require_POST
@requires(permissions.CHANGE_PLANS)
def sending_done(request: SignedInRequest, pk: int) -> HttpResponse:
    """Mark all of one touch that are due as done, after asking whether it pays."""
    template, last = template_of(pk), last_of(request)
    sent = gate.step(
        request,
        sendings.gate_of(actor=request.user, template=template, last=last),
        act=lambda decision: sendings.send_all(
            actor=request.user, template=template, decision=decision, last=last
        ),
        subject=template.title,
        back=reverse("campaigns:today"),
    )
    if isinstance(sent, HttpResponse):
        return sent
    messages.success(request, _said(sent, template))
    return redirect("campaigns:today")


def _said(sent: sendings.Sent, template: TouchTemplate) -> str:
    if not any(astuple(sent)):
        return "There was nothing due any more."
    said = [
        f"{count(number)} {words}"
        for number, words in (
            (sent.done, f"times done: {template.title}."),
            (sent.queued, f"mails queued: {template.title}."),
            (sent.skipped, "skipped, since nobody there allows it."),
            (sent.held, "kept for later: they set a limit of contacts."),
            (sent.remaining, "remain: press once more."),
        )
        if number
    ]
    if sent.moved:
        said.append(f"{count(sent.moved)} times done more cheaply.")
    if sent.dropped:
        said.append(f"{count(sent.dropped)} left out.")
    return " ".join(said)


def _uncovered(user: User) -> list[Uncovered]:
    """Return the classes without a plan, for those who can see to it."""
    return classes_without_plan() if user.has_perm(VIEW_DASHBOARD) else []


def _sees_team(user: User) -> bool:
    return bool(user.roles & {Role.MANAGER, Role.ADMINISTRATOR}) or user.is_superuser


def _chosen_owner(user: User, team: TeamForm | None) -> User | None:
    """Return whose day it is; None for the whole team."""
    if team is None:
        return user
    if not team.is_valid():
        return None
    owner: User | None = team.cleaned_data["owner"]
    return owner
