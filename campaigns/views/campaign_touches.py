"""The touches of a campaign's draft, one at a time."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from campaigns import permissions
from campaigns.engine.merge import FIELDS
from campaigns.forms.campaigns import CampaignTouchForm
from campaigns.models import Campaign, LibraryTouch, TouchTemplate
from campaigns.queries import campaign_pages as queries
from campaigns.services import campaigns
from common.access import requires
from common.errors import DomainError
from common.htmx import wants_fragment
from crm.requests import SignedInRequest

PIECE = "campaigns/campaigns/_touches.html"


@require_POST
@requires(permissions.CHANGE_CAMPAIGNS)
def campaign_touch_add(request: SignedInRequest, pk: int) -> HttpResponse:
    return _save(request, _draft(request, pk), None)


@require_POST
@requires(permissions.CHANGE_CAMPAIGNS)
def campaign_touch_edit(request: SignedInRequest, pk: int, touch: int) -> HttpResponse:
    campaign = _draft(request, pk)
    found = get_object_or_404(campaign.touches.all(), pk=touch)
    return _save(request, campaign, found)


@require_POST
@requires(permissions.CHANGE_CAMPAIGNS)
def campaign_touch_remove(
    request: SignedInRequest, pk: int, touch: int
) -> HttpResponse:
    campaign = _draft(request, pk)
    found = get_object_or_404(campaign.touches.all(), pk=touch)
    try:
        campaigns.remove_touch(actor=request.user, campaign=campaign, touch=found)
    except DomainError as error:
        return _show(request, campaign, refused=error.message)
    return _after_change(request, campaign)


@require_POST
@requires(permissions.CHANGE_CAMPAIGNS)
def campaign_library(request: SignedInRequest, pk: int, kept: int) -> HttpResponse:
    """Put a touch of the library into the draft, on its first day."""
    campaign = _draft(request, pk)
    rows = LibraryTouch.objects.select_related("event_type")
    found = get_object_or_404(rows, pk=kept)
    try:
        campaigns.put_library_touch(actor=request.user, campaign=campaign, kept=found)
    except DomainError as error:
        return _show(request, campaign, refused=error.message)
    return _after_change(request, campaign)


def opened_touch(
    request: SignedInRequest, campaign: Campaign
) -> tuple[CampaignTouchForm | None, TouchTemplate | None]:
    """Return the form that the address opens, and the touch that it is of."""
    wanted = request.GET.get("edit", "")
    if wanted.isdecimal():
        touch = get_object_or_404(campaign.touches.all(), pk=int(wanted[:18]))
        return CampaignTouchForm(campaign=campaign, touch=touch), touch
    form = CampaignTouchForm(campaign=campaign) if wanted == "new" else None
    return form, None


def shown_touches(campaign: Campaign, *, can_change: bool) -> dict[str, Any]:
    """Return what the piece with the touches needs, with no form open."""
    library = LibraryTouch.objects.filter(is_active=True).select_related("event_type")
    return {
        "campaign": campaign,
        "lines": queries.touch_costs(campaign),
        "library": library if can_change else [],
        "form": None,
        "edited": None,
        "can_change_touches": can_change,
        "refused": "",
        "merge_fields": FIELDS.items(),
    }


def _save(
    request: SignedInRequest, campaign: Campaign, touch: TouchTemplate | None
) -> HttpResponse:
    form = CampaignTouchForm(request.POST, campaign=campaign, touch=touch)
    if form.is_valid():
        try:
            campaigns.save_touch(
                actor=request.user,
                campaign=campaign,
                touch=touch,
                expected_version=form.cleaned_data["seen"],
                **form.values(),
            )
        except DomainError as error:
            field = error.field if error.field in form.fields else None
            form.add_error(field, error.message)
        else:
            return _after_change(request, campaign)
    return _show(request, campaign, form=form, edited=touch)


def _after_change(request: SignedInRequest, campaign: Campaign) -> HttpResponse:
    if not wants_fragment(request):
        return redirect("campaigns:campaign_detail", campaign.pk)
    campaign.refresh_from_db()
    return trigger_client_event(_show(request, campaign), "campaign-changed")


def _show(
    request: SignedInRequest,
    campaign: Campaign,
    *,
    form: CampaignTouchForm | None = None,
    edited: TouchTemplate | None = None,
    refused: str = "",
) -> HttpResponse:
    """Show the touches with, at most, one open form; 422 if that has errors."""
    shown = {"form": form, "edited": edited, "refused": refused}
    context = shown_touches(campaign, can_change=True) | shown
    status = 422 if refused or (form and form.errors) else 200
    return render(request, PIECE, context, status=status)


def _draft(request: SignedInRequest, pk: int) -> Campaign:
    rows = Campaign.objects.visible_to(request.user).drafts()
    return get_object_or_404(rows, pk=pk)
