"""Which plan one account follows: its history, another plan by hand, and off it."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import permissions
from campaigns.forms.assignments import AssignForm, TakeOffForm
from campaigns.queries import assignments as queries
from campaigns.queries.plan_gains import plan_gains
from campaigns.queries.wallet import wallet_of
from campaigns.services import assignments
from campaigns.services.gate import weigh_plan
from campaigns.views import gate
from common.access import requires
from common.errors import DomainError
from crm.models import Account
from crm.requests import SignedInRequest


@require_http_methods(["GET", "POST"])
@requires(permissions.ASSIGN_PLANS)
def account_assignment(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what an account follows since when and why; put it on another plan."""
    account = _account(request, pk)
    form = AssignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _assign(request, account, form.cleaned_data)
        except DomainError as error:
            _refuse(form, error)
    return _show(request, account, form, TakeOffForm())


@require_POST
@requires(permissions.ASSIGN_PLANS)
def account_take_off(request: SignedInRequest, pk: int) -> HttpResponse:
    """End a plan by hand: the account goes back to the plan of its class."""
    account = _account(request, pk)
    form = TakeOffForm(request.POST)
    if form.is_valid():
        try:
            assignments.take_off(
                actor=request.user, account_ids=[account.pk], **form.cleaned_data
            )
        except DomainError as error:
            _refuse(form, error)
        else:
            now = queries.followed(account)
            said = f"It follows “{now.plan}” again." if now else "It follows no plan."
            messages.success(request, f"Taken off. {said}")
            return redirect("crm:account_detail", account.pk)
    return _show(request, account, AssignForm(), form)


def _assign(
    request: SignedInRequest, account: Account, terms: dict[str, Any]
) -> HttpResponse:
    """Put it on the plan, after asking where a year of the plan does not pay here."""
    plan = terms["plan"]
    assignments.check_assignable(actor=request.user, account_ids=[account.pk], **terms)
    done = gate.step(
        request,
        weigh_plan(account_ids=[account.pk], plan=plan, actor=request.user),
        act=lambda decision: assignments.assign_weighed(
            actor=request.user, account_ids=[account.pk], decision=decision, **terms
        ),
        subject=f"{plan} for {account}",
        back=reverse("campaigns:account_assignment", args=[account.pk]),
    )
    if isinstance(done, HttpResponse):
        return done
    if done.left_out:
        messages.success(request, f"{account} keeps what it follows.")
        return redirect("crm:account_detail", account.pk)
    undo = reverse("campaigns:bulk_undo", args=[done.edit.pk]) if done.edit else ""
    said = f"{account} follows “{plan}” from today on."
    messages.success(request, said, extra_tags=undo)
    return redirect("crm:account_detail", account.pk)


def _refuse(form: Form, error: DomainError) -> None:
    form.add_error(error.field if error.field in form.fields else None, error.message)


def _show(
    request: SignedInRequest, account: Account, form: AssignForm, off: TakeOffForm
) -> HttpResponse:
    wallet = wallet_of(account)
    context = {
        "account": account,
        "wallet": wallet,
        "gains": plan_gains(wallet) if wallet else [],
        "followed": queries.followed(account),
        "history": queries.history(account),
        "form": form,
        "off": off,
    }
    status = 422 if form.errors or off.errors else 200
    return render(request, "campaigns/plans/account.html", context, status=status)


def _account(request: SignedInRequest, pk: int) -> Account:
    rows = Account.objects.active().visible_to(request.user)
    return get_object_or_404(rows, pk=pk)
