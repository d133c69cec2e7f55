"""Classes set by hand: on an account's page, and all of them in a list."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from clv.models import ValuationRun
from common.access import requires
from common.errors import DomainError, StaleRecordError
from common.htmx import render_page
from common.paging import Sort, keyset_page
from crm.models import Account
from crm.requests import SignedInRequest
from segments.forms.overrides import NOW, EndOverrideForm, OverrideForm
from segments.models import Membership, Override
from segments.permissions import OVERRIDE_CLASSES, VIEW_CLASSES
from segments.queries.overrides import verdicts, with_verdicts
from segments.services import overrides

PER_PAGE = 50
NEWEST = Sort("newest", "pk", descending=True, parse=int, tie_turns=True)
CONFLICT, REFUSED = 409, 422


@require_GET
@requires(VIEW_CLASSES)
def override_list(request: SignedInRequest) -> HttpResponse:
    """Show who set which class until when, and what the rule would say."""
    is_past = request.GET.get("ended") == "1"
    rows = Override.objects.visible_to(request.user)
    rows = rows.exclude(ended_at=None) if is_past else rows.open()
    page = keyset_page(
        rows.select_related("account", "author", "ended_by"),
        sort=NEWEST,
        cursor=request.GET.get("cursor", ""),
        size=PER_PAGE,
    )
    context = {
        "page": page,
        "is_past": is_past,
        "rows": with_verdicts(ValuationRun.objects.current(), page.rows),
        "may_set": request.user.has_perm(OVERRIDE_CLASSES),
    }
    return render_page(
        request,
        "segments/overrides/list.html",
        fragment="segments/overrides/_rows.html",
        context=context,
    )


@require_http_methods(["GET", "POST"])
@requires(OVERRIDE_CLASSES)
def override_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Set the class of an account by hand, or change what was set."""
    account = _account(request, pk)
    standing = _standing(account)
    form = OverrideForm(request.POST or None, standing=standing)
    if request.method == "GET":
        return _show(request, account, form=form)
    if form.is_valid() and _set(request, account, form):
        return redirect("crm:account_detail", pk=pk)
    return _show(request, account, form=form, status=_status(form))


def _set(request: SignedInRequest, account: Account, form: OverrideForm) -> bool:
    """Set what the form says; False with the refusal at its field."""
    given = form.cleaned_data
    try:
        made = overrides.set_override(
            actor=request.user,
            account=account,
            worth_class=given["worth_class"],
            reason=given["reason"],
            expires_on=given["expires_on"],
            expected_version=given["seen"],
            at_once=given["begin"] == NOW,
        )
    except DomainError as error:
        form.add_error(
            error.field if error.field in form.fields else None, error.message
        )
        return False
    _tell(request, f"Set by hand: {made.get_worth_class_display()}.", given["begin"])
    return True


@require_POST
@requires(OVERRIDE_CLASSES)
def override_end(request: SignedInRequest, pk: int) -> HttpResponse:
    """End what was set by hand; the rule decides again."""
    account = _account(request, pk)
    standing = _standing(account)
    if standing is None:
        messages.info(request, "Nothing is set by hand; the rule decides already.")
        return redirect("crm:account_detail", pk=pk)
    end = EndOverrideForm(request.POST, standing=standing)
    if end.is_valid():
        begin = end.cleaned_data["begin"]
        try:
            overrides.end_override(
                actor=request.user,
                override=standing,
                reason=end.cleaned_data["reason"],
                expected_version=end.cleaned_data["seen"],
                at_once=begin == NOW,
            )
        except DomainError as error:
            end.add_error(None, error.message)
        else:
            _tell(request, "Ended: the rule decides again.", begin)
            return redirect("crm:account_detail", pk=pk)
    form = OverrideForm(standing=_standing(account))
    return _show(request, account, form=form, end=end, status=_status(end))


def _show(
    request: SignedInRequest,
    account: Account,
    *,
    form: OverrideForm,
    end: EndOverrideForm | None = None,
    status: int = 200,
) -> HttpResponse:
    standing = _standing(account)
    said = verdicts(ValuationRun.objects.current(), [account.pk])
    context = {
        "account": account,
        "standing": standing,
        "membership": Membership.objects.open().filter(account=account).first(),
        "verdict": said.get(account.pk),
        "form": form,
        "end_form": end or (EndOverrideForm(standing=standing) if standing else None),
    }
    return render(request, "segments/overrides/edit.html", context, status=status)


def _status(form: OverrideForm | EndOverrideForm) -> int:
    late = StaleRecordError.message in form.non_field_errors()
    return CONFLICT if late else REFUSED


def _tell(request: SignedInRequest, done: str, begin: str) -> None:
    is_now = begin == NOW
    when = "Accounts are being classed now." if is_now else "It counts from tonight on."
    messages.success(request, f"{done} {when}")


def _account(request: SignedInRequest, pk: int) -> Account:
    mine = Account.objects.active().visible_to(request.user)
    return get_object_or_404(mine, pk=pk)


def _standing(account: Account) -> Override | None:
    rows = Override.objects.open().select_related("author")
    return rows.filter(account=account).first()
