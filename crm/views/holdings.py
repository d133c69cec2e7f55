"""What a customer has: the forms behind the products tab."""

import copy
from typing import Any

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
from common.errors import DomainError
from common.htmx import render_page
from crm import permissions
from crm.choices import HoldingStatus
from crm.forms.holdings import EndForm, HoldingForm, RenewForm, ReplaceForm
from crm.models import Account, Holding, OrderLine, Product
from crm.queries.products import WITHOUT_PRODUCT, lines_of
from crm.requests import SignedInRequest
from crm.services import holdings
from crm.views.submitting import field_of, submit_changes


@require_GET
@requires(permissions.VIEW_ORDERS)
def bought_lines(request: SignedInRequest, pk: int, product: int) -> HttpResponse:
    """Show the orders behind one product that an account bought."""
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    chosen = None
    if product != WITHOUT_PRODUCT:
        chosen = get_object_or_404(Product, pk=product)
    return render_page(
        request,
        "crm/accounts/bought.html",
        fragment="crm/accounts/_bought_lines.html",
        context={
            "account": account,
            "product": chosen,
            "product_key": product,
            "page": lines_of(account, product, cursor=request.GET.get("cursor", "")),
            "can_change": request.user.has_perm(permissions.CHANGE_ACCOUNTS),
        },
    )


@require_POST
@requires(permissions.CHANGE_ACCOUNTS)
def line_hold(request: SignedInRequest, pk: int) -> HttpResponse:
    """Count one order line among what the customer has."""
    mine = OrderLine.objects.select_related("account", "product")
    if not request.user.sees_every_account:
        mine = mine.filter(account__owner=request.user)
    line = get_object_or_404(mine, pk=pk)
    try:
        made = holdings.hold_from_line(actor=request.user, line=line)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{made.product} is among what they have now.")
    return redirect(products_url(line.account_id))


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def holding_create(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    initial = {"product": request.GET.get("product", "")}
    form = HoldingForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            holdings.add_holding(actor=request.user, account=account, **form.values())
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            return redirect(products_url(account.pk))
    return _answer(request, account, form, "Add what they have", "Add")


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def holding_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    holding = _holding(request, pk)
    form = HoldingForm(request.POST or None, instance=copy.copy(holding))
    submitted = submit_changes(request, form, holdings.change_holding, holding=holding)
    if submitted.is_kept:
        return redirect(products_url(holding.account_id))
    return _answer(
        request,
        holding.account,
        form,
        str(holding.product),
        "Save",
        status=submitted.status,
        differences=submitted.differences,
        holding=holding,
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def holding_replace(request: SignedInRequest, pk: int) -> HttpResponse:
    old = _holding(request, pk)
    form = ReplaceForm(request.POST or None, old=old)
    if request.method == "POST" and form.is_valid():
        try:
            holdings.replace_holding(
                actor=request.user,
                holding=old,
                expected_version=form.cleaned_data["version"] or old.version,
                **form.values(),
            )
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            return redirect(products_url(old.account_id))
    return _answer(request, old.account, form, f"Replace {old.product}", "Replace")


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def holding_renew(request: SignedInRequest, pk: int) -> HttpResponse:
    old = _holding(request, pk)
    begins_on = old.term_ends_on(business_today())
    initial = {
        "quantity": old.quantity.normalize(),
        "months": old.product.term_months,
        "version": old.version,
    }
    form = RenewForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        version = values.pop("version")
        try:
            holdings.renew_holding(
                actor=request.user, holding=old, expected_version=version, **values
            )
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            return redirect(products_url(old.account_id))
    return _answer(
        request,
        old.account,
        form,
        f"Renew {old.product}",
        "Renew",
        begins_on=begins_on,
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def holding_end(request: SignedInRequest, pk: int) -> HttpResponse:
    holding = _holding(request, pk)
    form = EndForm(request.POST or None, initial={"version": holding.version})
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        version = values.pop("version")
        try:
            holdings.end_holding(
                actor=request.user, holding=holding, expected_version=version, **values
            )
        except DomainError as error:
            form.add_error(field_of(form, error), error.message)
        else:
            return redirect(products_url(holding.account_id))
    title = f"{holding.product} is not there any more"
    return _answer(request, holding.account, form, title, "Save")


@require_POST
@requires(permissions.CHANGE_ACCOUNTS)
def holding_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take away what was entered by mistake."""
    holding = _holding(request, pk)
    account_id, name = holding.account_id, str(holding.product)
    try:
        holdings.remove_holding(actor=request.user, holding=holding)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("crm:holding_edit", pk)
    messages.success(request, f"{name} is removed.")
    return redirect(products_url(account_id))


def products_url(account_pk: int) -> str:
    return f"{reverse('crm:account_detail', args=[account_pk])}?tab=products"


def _holding(request: SignedInRequest, pk: int) -> Holding:
    mine = Holding.objects.visible_to(request.user)
    rows = mine.filter(account__merged_into=None)
    return get_object_or_404(rows.select_related("product", "account"), pk=pk)


def _answer(
    request: SignedInRequest,
    account: Account,
    form: BaseForm,
    title: str,
    action: str,
    *,
    status: int = 0,
    **more: Any,
) -> HttpResponse:
    holding = more.get("holding")
    context = {
        "account": account,
        "form": form,
        "title": title,
        "action": action,
        "holding": holding,
        "can_remove": holding is not None and holding.status == HoldingStatus.ACTIVE,
        "begins_on": more.get("begins_on"),
        "differences": more.get("differences", []),
        "back_url": products_url(account.pk),
    }
    code = status or (422 if form.errors else 200)
    return render(request, "crm/holdings/form.html", context, status=code)
