"""Use, and what it is worth to the customer: the forms of the use tab."""

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from common.access import requires
from common.errors import DomainError
from crm import permissions
from crm.forms.usage import StatedValueForm, TargetForm, UsageForm
from crm.models import Account, Holding, StatedValue
from crm.requests import SignedInRequest
from crm.services import usage


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def usage_create(request: SignedInRequest, pk: int) -> HttpResponse:
    account = _account(request, pk)
    form = UsageForm(
        request.POST or None,
        account=account,
        initial={"holding": request.GET.get("holding", "")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            usage.record_usage(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect(use_url(account.pk))
    return _answer(request, account, form, "Enter use", metrics=form.metrics)


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def stated_value_create(request: SignedInRequest, pk: int) -> HttpResponse:
    account = _account(request, pk)
    form = StatedValueForm(request.POST or None, account=account)
    if request.method == "POST" and form.is_valid():
        try:
            usage.state_value(actor=request.user, account=account, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect(use_url(account.pk))
    return _answer(request, account, form, "What it is worth to them")


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def stated_value_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = StatedValue.objects.visible_to(request.user)
    stated = get_object_or_404(mine.filter(account__merged_into=None), pk=pk)
    account_id = stated.account_id
    usage.remove_stated_value(actor=request.user, stated=stated)
    messages.success(request, "Removed.")
    return redirect(use_url(account_id))


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def usage_target(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say how much use a month was agreed."""
    mine = Holding.objects.visible_to(request.user).select_related("account")
    holding = get_object_or_404(mine.filter(account__merged_into=None), pk=pk)
    form = TargetForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give a number, or leave it empty.")
        return redirect(use_url(holding.account_id))
    try:
        usage.set_target(actor=request.user, holding=holding, **form.cleaned_data)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "The target is stored.")
    return redirect(use_url(holding.account_id))


def use_url(account_pk: int) -> str:
    return f"{reverse('crm:account_detail', args=[account_pk])}?tab=use"


def _account(request: SignedInRequest, pk: int) -> Account:
    return get_object_or_404(Account.objects.active().visible_to(request.user), pk=pk)


def _answer(
    request: SignedInRequest,
    account: Account,
    form: BaseForm,
    title: str,
    *,
    metrics: list[str] | None = None,
) -> HttpResponse:
    context = {
        "account": account,
        "form": form,
        "title": title,
        "metrics": metrics or [],
        "back_url": use_url(account.pk),
    }
    status = 422 if form.errors else 200
    return render(request, "crm/usage/form.html", context, status=status)
