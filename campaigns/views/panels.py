"""Care on the pages of other apps: the account's, and the class's."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from campaigns import permissions, policy
from campaigns.queries import campaign_pages, care, plans
from campaigns.queries.adherence import adherence_of, open_alerts
from campaigns.queries.campaign_cohorts import won_by_campaigns
from campaigns.queries.today import next_step
from campaigns.queries.uncovered import class_care, classes_without_plan
from campaigns.queries.wallet import wallet_of
from common.access import requires
from common.clock import business_today
from crm.models import Account
from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.permissions import VIEW_DASHBOARD
from segments.queries.scope import Scope

CAMPAIGNS_NAMED = 5


@require_GET
@requires(permissions.VIEW_PLANS)
def account_plan(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the plan strip of an account and what more is justified."""
    account, today = _account(request, pk), business_today()
    found, wallet = care.care(account, today=today), wallet_of(account, today=today)
    context = {
        "account": account,
        "care": found,
        "wallet": wallet,
        "is_dear": wallet is not None and found.is_dearer_than(wallet.spend.limit),
        "can_do": request.user.has_perm(permissions.DO_TOUCHES),
        "today": today,
        "enrolments": campaign_pages.campaigns_of(account.pk)[:CAMPAIGNS_NAMED],
    }
    return render(request, "campaigns/panels/_account_plan.html", context)


@require_GET
@requires(permissions.VIEW_PLANS)
def account_next(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show beside an account what is worth most to do next, and why."""
    account, today = _account(request, pk), business_today()
    context = {
        "account": account,
        "step": next_step(account, user=request.user, today=today),
        "today": today,
        "can_do": request.user.has_perm(permissions.DO_TOUCHES),
    }
    return render(request, "campaigns/panels/_account_next.html", context)


@require_GET
@requires(permissions.VIEW_PLANS)
def account_justified(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show in the account's header what more is justified this year."""
    account = _account(request, pk)
    context = {"wallet": wallet_of(account)}
    return render(request, "campaigns/panels/_account_justified.html", context)


@require_GET
@requires(permissions.VIEW_PLANS)
def class_plan(request: SignedInRequest, key: str) -> HttpResponse:
    """Show on the page of a class what its members get."""
    _check_class(key)
    found = class_care(WorthClass(key), request.user)
    template = "campaigns/panels/_class_plan.html"
    return _class_panel(request, key, template, class_care=found)


@require_GET
@requires(permissions.VIEW_PLANS)
def class_plan_name(request: SignedInRequest, key: str) -> HttpResponse:
    """Show on the tile of a class the name of its plan, or that it has none."""
    return _class_panel(request, key, "campaigns/panels/_class_plan_name.html")


def _class_panel(
    request: SignedInRequest, key: str, template: str, **more: object
) -> HttpResponse:
    _check_class(key)
    today = business_today()
    context = {
        "class_plan": plans.class_plan(WorthClass(key), today=today),
        "adherence": adherence_of(WorthClass(key), today=today),
        **more,
    }
    return render(request, template, context)


@require_GET
@requires(VIEW_DASHBOARD)
def value_plans(request: SignedInRequest) -> HttpResponse:
    """Show on the value page which classes no plan cares for; else nothing."""
    context = {"uncovered": classes_without_plan()}
    return render(request, "campaigns/panels/_uncovered.html", context)


@require_GET
@requires(VIEW_DASHBOARD)
def targeting_campaigns(request: SignedInRequest) -> HttpResponse:
    """Show on the page of targeting whom each campaign won, against all."""
    scope = Scope.read(request.GET, request.user)
    context = {
        "table": won_by_campaigns(scope) if scope.is_ready else None,
        "within": policy.CAMPAIGN_AFTERWARDS_DAYS,
    }
    template = "campaigns/panels/_targeting_campaigns.html"
    return render(request, template, context)


@require_GET
@requires(VIEW_DASHBOARD)
def value_alerts(request: SignedInRequest) -> HttpResponse:
    """Show on the value page what the nights found about the accounts in scope."""
    scope = Scope.read(request.GET, request.user)
    alerts = open_alerts(scope) if scope.is_valid else []
    context = {"scope": scope, "alerts": alerts}
    return render(request, "campaigns/panels/_value_alerts.html", context)


def _check_class(key: str) -> None:
    if key not in WorthClass.values:
        raise Http404(key)


def _account(request: SignedInRequest, pk: int) -> Account:
    mine = Account.objects.active().visible_to(request.user)
    return get_object_or_404(mine, pk=pk)
