"""Competitors, and what customers spend in all."""

import copy

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
from common.clock import business_today
from common.editing import Difference
from common.errors import DomainError
from crm import permissions
from crm.forms.wallet import CompetitorForm, EstimateForm, PresenceForm
from crm.models import Account, Competitor, CompetitorPresence
from crm.queries.wallet import competitors
from crm.requests import SignedInRequest
from crm.services import wallet
from crm.views.holdings import products_url
from crm.views.submitting import submit_changes


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def estimate_create(request: SignedInRequest, pk: int) -> HttpResponse:
    account = _account(request, pk)
    initial = {"category": request.GET.get("category", "")}
    form = EstimateForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            wallet.estimate_wallet(
                actor=request.user, account=account, **form.cleaned_data
            )
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect(products_url(account.pk))
    return _answer(request, form, "What they spend in all", account=account)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def presence_create(request: SignedInRequest, pk: int) -> HttpResponse:
    account = _account(request, pk)
    form = PresenceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            wallet.note_competitor(
                actor=request.user, account=account, **form.cleaned_data
            )
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect(products_url(account.pk))
    return _answer(request, form, "A competitor is there", account=account)


@require_POST
@requires(permissions.CHANGE_ACCOUNTS)
def presence_end(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say that a competitor is gone as of today."""
    mine = CompetitorPresence.objects.visible_to(request.user)
    rows = mine.filter(account__merged_into=None).select_related("competitor")
    presence = get_object_or_404(rows, pk=pk)
    try:
        wallet.end_presence(
            actor=request.user, presence=presence, until=business_today()
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{presence.competitor} is gone.")
    return redirect(products_url(presence.account_id))


@require_GET
@requires(permissions.VIEW_PRODUCTS)
def competitor_list(request: SignedInRequest) -> HttpResponse:
    context = {
        "competitors": competitors(request.user),
        "can_change": request.user.has_perm(permissions.CHANGE_CATALOGUES),
    }
    return render(request, "crm/competitors/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CATALOGUES)
def competitor_create(request: SignedInRequest) -> HttpResponse:
    form = CompetitorForm(request.POST or None, initial={"is_active": True})
    if request.method == "POST" and form.is_valid():
        try:
            wallet.create_competitor(actor=request.user, **form.values())
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect("crm:competitor_list")
    return _answer(request, form, "New competitor")


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CATALOGUES)
def competitor_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    competitor = get_object_or_404(Competitor, pk=pk)
    form = CompetitorForm(request.POST or None, instance=copy.copy(competitor))
    submitted = submit_changes(
        request, form, wallet.change_competitor, competitor=competitor
    )
    if submitted.is_kept:
        return redirect("crm:competitor_list")
    return _answer(
        request,
        form,
        competitor.name,
        status=submitted.status,
        differences=submitted.differences,
    )


def _account(request: SignedInRequest, pk: int) -> Account:
    return get_object_or_404(Account.objects.active().visible_to(request.user), pk=pk)


def _answer(
    request: SignedInRequest,
    form: BaseForm,
    title: str,
    *,
    account: Account | None = None,
    status: int = 0,
    differences: list[Difference] | None = None,
) -> HttpResponse:
    back = reverse("crm:competitor_list")
    context = {
        "form": form,
        "title": title,
        "account": account,
        "back_url": products_url(account.pk) if account else back,
        "differences": differences or [],
    }
    code = status or (422 if form.errors else 200)
    return render(request, "crm/competitors/form.html", context, status=code)
