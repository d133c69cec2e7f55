"""Campaigns: all of them, one of them in each of its states, its start and its end."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)
from django_htmx.http import HttpResponseClientRedirect

from campaigns import permissions
from campaigns.forms.campaigns import CampaignForm, TakeEffectForm
from campaigns.models import Campaign, Enrolment
from campaigns.queries import campaign_pages as queries
from campaigns.queries.campaign_effects import effect_chart, takeable
from campaigns.queries.campaign_results import results
from campaigns.queries.campaign_sets import WON, WON_CONTROL, part_url
from campaigns.queries.holdout import holdout
from campaigns.queries.out_of_reach import out_of_reach
from campaigns.services import asked_starts, campaign_effects, campaigns, starting
from campaigns.views import gate
from campaigns.views.campaign_touches import opened_touch, shown_touches
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.htmx import render_page
from common.spreadsheets import csv_file
from common.templatetags.display import counted
from crm.requests import SignedInRequest
from crm.services import audit

HEADER = (
    *("Account", "Name", "Class at the start", "CLV at the start"),
    *("What they get", "Left out because"),
)
ROWS_AT_ONCE = 2_000


@require_GET
@requires(permissions.VIEW_CAMPAIGNS)
def campaign_list(request: SignedInRequest) -> HttpResponse:
    context = {
        "page": queries.campaign_page(
            request.user, cursor=request.GET.get("cursor", "")
        ),
        "can_change": request.user.has_perm(permissions.CHANGE_CAMPAIGNS),
        "sees_all": request.user.sees_every_account,
    }
    return render(request, "campaigns/campaigns/list.html", context)


@require_GET
@requires(permissions.CHANGE_CAMPAIGNS)
def campaign_outcome(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what a campaign brought about, in one cell of the list."""
    campaign = find_campaign(request, pk)
    context = {"campaign": campaign, "results": results(campaign)}
    return render(request, "campaigns/campaigns/_outcome.html", context)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CAMPAIGNS)
def campaign_new(request: SignedInRequest) -> HttpResponse:
    form = CampaignForm(request.POST if request.method == "POST" else None)
    form.initial["name"] = request.GET.get("name", "")[:150]
    if request.method == "POST" and form.is_valid():
        try:
            campaign = campaigns.create_campaign(actor=request.user, **form.values())
        except DomainError as error:
            form.add_error(_field(form, error), error.message)
        else:
            return redirect("campaigns:campaign_detail", campaign.pk)
    return _form(request, form, title="New campaign", campaign=None)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CAMPAIGNS)
def campaign_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say anew what a draft is for, when, and for how much."""
    campaign = find_campaign(request, pk)
    if not campaign.is_draft:
        return redirect("campaigns:campaign_detail", campaign.pk)
    form = CampaignForm(
        request.POST if request.method == "POST" else None, campaign=campaign
    )
    if request.method == "POST" and form.is_valid():
        try:
            campaigns.change_campaign(
                actor=request.user,
                campaign=campaign,
                expected_version=form.cleaned_data["seen"],
                **form.values(),
            )
        except DomainError as error:
            form.add_error(_field(form, error), error.message)
        else:
            messages.success(request, "Saved.")
            return redirect("campaigns:campaign_detail", campaign.pk)
    return _form(request, form, title=campaign.name, campaign=campaign)


@require_GET
@requires(permissions.VIEW_CAMPAIGNS)
def campaign_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a campaign; `?edit=` opens one touch of a draft, or a new one.

    Asked in place, a draft answers with its touches.
    """
    campaign, user = find_campaign(request, pk), request.user
    can_change = user.has_perm(permissions.CHANGE_CAMPAIGNS)
    form, edited = None, None
    if campaign.is_draft and can_change:
        form, edited = opened_touch(request, campaign)
    context: dict[str, Any] = {
        "campaign": campaign,
        "can_change": can_change,
        "can_add": campaign.is_draft and user.has_perm(permissions.ADD_TO_CAMPAIGNS),
        "can_send": user.has_perm(permissions.CHANGE_PLANS),
        "sees_all": user.sees_every_account,
        "audience": queries.audience(
            campaign, user, cursor=request.GET.get("cursor", "")
        ),
    }
    if campaign.has_started:
        context["progress"] = queries.progress(campaign, user)
        context |= _results(campaign) if user.sees_every_account else {}
    else:
        context |= shown_touches(campaign, can_change=can_change and campaign.is_draft)
        context |= {"form": form, "edited": edited}
    return render_page(
        request,
        "campaigns/campaigns/detail.html",
        fragment="campaigns/campaigns/_touches.html",
        context=context,
    )


@require_GET
@requires(permissions.CHANGE_CAMPAIGNS)
def campaign_cost(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what a draft would cost and gain, and for whom it does not pay.

    Of one that a worker starts it says so and asks again with `?starting=`; once that
    is over, the whole page is shown anew.
    """
    campaign = find_campaign(request, pk)
    if campaign.is_starting:
        context: dict[str, Any] = {"campaign": campaign}
        return render(request, "campaigns/campaigns/_starting.html", context)
    if not campaign.is_draft or "starting" in request.GET:
        here = reverse("campaigns:campaign_detail", args=[campaign.pk])
        return HttpResponseClientRedirect(here)
    touches = list(campaign.touches.all())
    found = starting.gate_of(campaign)
    context = {
        "campaign": campaign,
        "gate": found,
        "touches": touches,
        "missing": [one.title for one in touches if one.unit_cost is None],
        "holdout": holdout(campaign, account_ids=found.rest),
        "reach": out_of_reach(campaign),
        "is_dear": campaign.budget is not None and found.cost > campaign.budget,
    }
    return render(request, "campaigns/campaigns/_cost.html", context)


@require_POST
@requires(permissions.CHANGE_CAMPAIGNS)
def campaign_start(request: SignedInRequest, pk: int) -> HttpResponse:
    """Start a draft, after asking what happens to those for whom it does not pay."""
    campaign = find_campaign(request, pk)
    back = reverse("campaigns:campaign_detail", args=[campaign.pk])
    seen = request.POST.get("seen", "")
    if campaign.is_starting:
        return redirect(back)
    try:
        starting.check_ready(campaign, list(campaign.touches.all()))
        found = starting.gate_of(campaign)
        done = gate.step(
            request,
            found,
            act=lambda decision: asked_starts.ask_start(
                actor=request.user,
                campaign=campaign,
                decision=decision,
                expected_version=int(seen[:9]) if seen.isdecimal() else None,
                gate=found,
            ),
            subject=campaign.name,
            back=back,
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(back)
    if isinstance(done, HttpResponse):
        return done
    if done.is_running:
        reached = counted(queries.reached_count(done), "account")
        messages.success(request, f"“{done}” is running: {reached} will hear of it.")
    return redirect(back)


@require_POST
@requires(permissions.CHANGE_CAMPAIGNS)
def campaign_end(request: SignedInRequest, pk: int) -> HttpResponse:
    """End a running campaign today, call a start off, or give up a draft."""
    campaign = find_campaign(request, pk)
    try:
        if campaign.is_draft:
            campaigns.cancel_campaign(actor=request.user, campaign=campaign)
            said = "is given up; nobody heard of it"
        elif campaign.is_starting:
            asked_starts.call_off_start(actor=request.user, campaign=campaign)
            said = "is a draft again; nobody heard of it"
        else:
            campaigns.end_campaign(actor=request.user, campaign=campaign)
            said = "is over"
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"“{campaign}” {said}.")
    return redirect("campaigns:campaign_detail", campaign.pk)


@require_POST
@requires(permissions.CHANGE_CAMPAIGNS)
def campaign_effect(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take what a campaign was measured to secure as the effect of its channel."""
    campaign = find_campaign(request, pk)
    back = redirect("campaigns:campaign_detail", campaign.pk)
    form = TakeEffectForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why, for those who ask.")
        return back
    try:
        made = campaign_effects.take_effect(
            actor=request.user, campaign=campaign, **form.cleaned_data
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{made} counts from now on.")
    return back


@require_GET
@requires(permissions.VIEW_CAMPAIGNS)
def campaign_export(request: SignedInRequest, pk: int) -> StreamingHttpResponse:
    """Stream the audience that `user` may see; what was true at the start stays."""
    campaign = find_campaign(request, pk)
    audit.record(actor=request.user, action="campaign.exported", subject=campaign)
    mine = Enrolment.objects.visible_to(request.user).filter(campaign=campaign)
    return csv_file(
        f"campaign-{campaign.pk}-{business_today()}",
        HEADER,
        _lines(campaign, mine.select_related("account").order_by("pk")),
        as_of=None,
    )


def find_campaign(request: SignedInRequest, pk: int) -> Campaign:
    rows = Campaign.objects.visible_to(request.user).select_related("owner")
    return get_object_or_404(rows, pk=pk)


def _results(campaign: Campaign) -> dict[str, Any]:
    """Return what it brought about, with the names behind each figure."""
    found = results(campaign)
    if found is None:
        return {}
    return {
        "results": found,
        "chart": effect_chart(found),
        "takeable": None if campaign.is_running else takeable(campaign, found),
        "figures": [
            ("Prospects won, reached", found.won_treated, part_url(campaign, WON)),
            (
                "Prospects won, control group",
                found.won_controls,
                part_url(campaign, WON_CONTROL),
            ),
        ],
    }


def _lines(campaign: Campaign, rows: QuerySet[Enrolment]) -> Iterator[tuple[Any, ...]]:
    for one in rows.iterator(chunk_size=ROWS_AT_ONCE):
        yield (
            one.account_id,
            one.account.name,
            one.get_worth_class_display(),
            one.clv,
            _gets(one) if campaign.has_started else "",
            one.left_out and (one.left_out_because or one.get_left_out_display()),
        )


def _gets(one: Enrolment) -> str:
    if one.left_out:
        return "Nothing: left out"
    if one.is_control:
        return "Nothing: control group"
    return f"{one.get_way_display()} instead" if one.way else "The touches"


def _field(form: CampaignForm, error: DomainError) -> str | None:
    return error.field if error.field in form.fields else None


def _form(
    request: SignedInRequest,
    form: CampaignForm,
    *,
    title: str,
    campaign: Campaign | None,
) -> HttpResponse:
    context = {"form": form, "title": title, "campaign": campaign}
    status = 422 if form.errors else 200
    return render(request, "campaigns/campaigns/form.html", context, status=status)
