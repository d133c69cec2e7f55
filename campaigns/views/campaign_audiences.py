"""Accounts into campaigns and out of them: one at a time, wherever they are."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)
from django_htmx.http import trigger_client_event

from campaigns import permissions
from campaigns.forms.campaigns import AddForm
from campaigns.models import Campaign
from campaigns.queries import campaign_pages as queries
from campaigns.services import campaign_bulk, enrolling
from campaigns.services.campaign_bulk import Added
from common.access import requires
from common.errors import DomainError
from common.htmx import wants_fragment
from common.templatetags.display import count, counted
from crm.models import Account
from crm.requests import SignedInRequest

ACCOUNTS_OFFERED = 20
NAMED = 3


@require_GET
@requires(permissions.ADD_TO_CAMPAIGNS)
def campaign_choose(request: SignedInRequest) -> HttpResponse:
    """Ask which account is to be added to a campaign."""
    mine = Account.objects.active().visible_to(request.user)
    search = request.GET.get("search", "").strip()
    context = {
        "search": search,
        "accounts": mine.matching(search)[:ACCOUNTS_OFFERED] if search else [],
    }
    return render(request, "campaigns/campaigns/choose_account.html", context)


@require_http_methods(["GET", "POST"])
@requires(permissions.ADD_TO_CAMPAIGNS)
def account_campaign(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show in which campaigns an account is, and add it to one."""
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    data = request.POST if request.method == "POST" else None
    form = AddForm(data, user=request.user, name=f"Campaign for {account}")
    if request.method == "POST" and form.is_valid():
        try:
            added = add_from(request, form, [account.pk])
        except DomainError as error:
            form.add_error(form.place_of(error), error.message)
        else:
            tell(request, added)
            return redirect("crm:account_detail", account.pk)
    context = {
        "account": account,
        "form": form,
        "enrolments": queries.campaigns_of(account.pk),
    }
    status = 422 if form.errors else 200
    return render(request, "campaigns/campaigns/account.html", context, status=status)


@require_POST
@requires(permissions.ADD_TO_CAMPAIGNS)
def campaign_take_out(request: SignedInRequest, pk: int, account: int) -> HttpResponse:
    """Take one account out of the audience of a draft."""
    rows = Campaign.objects.visible_to(request.user)
    campaign = get_object_or_404(rows, pk=pk)
    mine = Account.objects.visible_to(request.user)
    found = get_object_or_404(mine, pk=account)
    refused = ""
    try:
        enrolling.withdraw_enrolments(
            actor=request.user, campaign=campaign, account_ids=[found.pk]
        )
    except DomainError as error:
        refused = error.message
    if not wants_fragment(request):
        if refused:
            messages.error(request, refused)
        return redirect("campaigns:campaign_detail", campaign.pk)
    cursor = request.GET.get("cursor", "")
    context = {
        "campaign": campaign,
        "can_add": campaign.is_draft,
        "refused": refused,
        "audience": queries.audience(campaign, request.user, cursor=cursor),
    }
    piece = "campaigns/campaigns/_audience.html"
    answer = render(request, piece, context, status=422 if refused else 200)
    return trigger_client_event(answer, "campaign-changed")


def add_from(
    request: SignedInRequest,
    form: AddForm,
    account_ids: list[int],
    *,
    list_key: str = "accounts",
) -> Added:
    """Add accounts to the campaign that a valid form names, or to a new one."""
    campaign = form.campaign
    if campaign is None:
        return campaign_bulk.add_to_new(
            actor=request.user,
            account_ids=account_ids,
            fields=form.values(),
            list_key=list_key,
        )
    return campaign_bulk.add_accounts(
        actor=request.user,
        campaign=campaign,
        account_ids=account_ids,
        list_key=list_key,
    )


def tell(request: SignedInRequest, added: Added) -> None:
    """Say who was added, who was in it before, and who could not be added and why."""
    done = added.enrolled
    said = [f"Added to “{added.campaign}”: {count(len(done.added))}."]
    if done.already:
        said.append(f"{counted(done.already, 'account')} stood in it already.")
    for reason, keys in done.refused.items():
        said.append(f"Not added: {_names(keys)}. {reason}")
    undo = reverse("campaigns:bulk_undo", args=[added.edit.pk]) if added.edit else ""
    level = messages.success if done.added else messages.warning
    level(request, " ".join(said), extra_tags=undo)


def _names(keys: Sequence[int]) -> str:
    """Name the first few, and say how many more there are."""
    rows = Account.objects.filter(pk__in=keys[:NAMED]).order_by("pk")
    names = ", ".join(str(one) for one in rows)
    more = len(keys) - NAMED
    return f"{names} and {count(more)} more" if more > 0 else names
