"""Cases: the queue, one case, those of one account, and what is like a new one."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from campaigns import permissions as campaign_permissions
from campaigns.forms.cases import CaseStepForm, EscalateForm, HandOverForm
from campaigns.queries.cases import beside, cases_of
from campaigns.queries.service import standings
from campaigns.views.lists import export_list, show_list
from common.access import requires
from common.clock import business_today
from crm import permissions
from crm.choices import ListKey
from crm.models import Account, Case, Product
from crm.queries.cases import history, similar
from crm.requests import SignedInRequest


@require_GET
@requires(permissions.VIEW_CASES)
def case_list(request: SignedInRequest) -> HttpResponse:
    return show_list(request, ListKey.CASES)


@require_POST
@requires(permissions.VIEW_CASES)
def case_export(request: SignedInRequest) -> StreamingHttpResponse:
    return export_list(request, ListKey.CASES)


@require_GET
@requires(permissions.VIEW_CASES)
def case_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    return show_case(request, visible_case(request, pk))


def show_case(
    request: SignedInRequest, case: Case, *, status: int = 200, **forms: Any
) -> HttpResponse:
    """Show one case; forms that were refused stand open with what was typed."""
    (standing,) = standings([case])
    context = {
        "case": case,
        "standing": standing,
        "entries": history(case),
        "beside": beside(case, request.user),
        "form": CaseStepForm(initial={"channel": case.channel}),
        "escalate": EscalateForm(actor=request.user, prefix="up"),
        "hand_over": HandOverForm(case=case, prefix="to"),
        "refused": sorted(forms),
        "can_change": request.user.has_perm(permissions.CHANGE_CASES),
        "may_publish": request.user.has_perm(
            campaign_permissions.CHANGE_SERVICE_LEVELS
        ),
        "today": business_today(),
    }
    return render(
        request, "campaigns/cases/detail.html", context | forms, status=status
    )


@require_GET
@requires(permissions.VIEW_CASES)
def account_cases(request: SignedInRequest, pk: int) -> HttpResponse:
    """Return the box of cases on the account page."""
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    context = {
        "account": account,
        "cases": cases_of(account, request.user),
        "can_change": request.user.has_perm(permissions.CHANGE_CASES),
    }
    return render(request, "campaigns/cases/_account.html", context)


@require_GET
@requires(permissions.VIEW_CASES)
def case_similar(request: SignedInRequest) -> HttpResponse:
    """Return earlier cases like the one that somebody is typing."""
    mine = Account.objects.active().visible_to(request.user)
    found = similar(
        request.user,
        title=request.GET.get("title", ""),
        account=_given(mine, request.GET.get("account", "")),
        product=_given(Product.objects.all(), request.GET.get("product", "")),
    )
    return render(request, "campaigns/cases/_similar.html", {"similar": found})


def _given(rows: Any, key: str) -> Any:
    return rows.filter(pk=int(key)).first() if key.isdecimal() else None


def visible_case(request: SignedInRequest, pk: int) -> Case:
    rows = Case.objects.visible_to(request.user).select_related(
        "account__owner",
        "contact",
        "product",
        "holding__product",
        "owner",
        "territory",
        "escalated_to",
        "created_by",
    )
    found: Case = get_object_or_404(rows, pk=pk)
    return found
