"""Stages of relationships: set one, see how they follow, keep their rules and plays."""

import copy
import datetime as dt

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from common.access import requires
from common.clock import business_today
from crm import permissions
from crm.forms.lifecycle import BenefitsForm, ReferrerForm, SetStageForm, StageForm
from crm.models import Account, LifecycleStage, RelationshipProfile
from crm.queries.lifecycle import conversion
from crm.requests import SignedInRequest
from crm.services import accounts, lifecycle
from crm.views.dialogs import acted, ask

REPORTED = dt.timedelta(days=365)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def account_stage(request: SignedInRequest, pk: int) -> HttpResponse:
    account = _account(request, pk)
    form = SetStageForm(request.POST or None)
    return ask(
        request,
        title=f"Stage of {account}",
        form=form,
        act=lambda: lifecycle.set_stage(
            actor=request.user, account=account, **form.cleaned_data
        ),
        said="Stage set; it stays until you let the rules decide.",
        back=reverse("crm:account_detail", args=[pk]),
    )


@require_POST
@requires(permissions.CHANGE_ACCOUNTS)
def account_stage_release(request: SignedInRequest, pk: int) -> HttpResponse:
    account = _account(request, pk)
    return acted(
        request,
        act=lambda: lifecycle.let_rules_decide(actor=request.user, account=account),
        said="The rules decide again from the next night.",
        back=reverse("crm:account_detail", args=[pk]),
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_ACCOUNTS)
def account_referrer(request: SignedInRequest, pk: int) -> HttpResponse:
    account = _account(request, pk)
    form = ReferrerForm(
        request.POST or None, instance=copy.copy(account), actor=request.user
    )
    return ask(
        request,
        title=f"Recommendations: {account}",
        form=form,
        act=lambda: accounts.change_account(
            actor=request.user,
            account=account,
            expected_version=form.cleaned_data["version"],
            referred_by=form.cleaned_data["referrer"],
            advocate_status=form.cleaned_data["advocate_status"],
        ),
        said="Noted.",
        back=reverse("crm:account_detail", args=[pk]),
        stored=account,
    )


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def lifecycle_report(request: SignedInRequest) -> HttpResponse:
    since = business_today() - REPORTED
    stages = conversion(request.user, since)
    context = {
        "stages": stages,
        "is_empty": not any(one.now or one.left for one in stages),
        "since": since,
        "may_catalogue": request.user.has_perm(permissions.CHANGE_CATALOGUES),
    }
    return render(request, "crm/lifecycle/report.html", context)


@require_GET
@requires(permissions.CHANGE_CATALOGUES)
def stage_list(request: SignedInRequest) -> HttpResponse:
    context = {
        "stages": LifecycleStage.objects.all(),
        "profiles": RelationshipProfile.objects.all(),
    }
    return render(request, "crm/lifecycle/stages.html", context)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CATALOGUES)
def stage_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    stage = get_object_or_404(LifecycleStage, pk=pk)
    form = StageForm(request.POST or None, instance=copy.copy(stage))
    return ask(
        request,
        title=stage.name,
        form=form,
        act=lambda: lifecycle.change_stage(
            actor=request.user,
            stage=stage,
            expected_version=form.cleaned_data["version"],
            **form.values(),
        ),
        said="Stored; the next night goes by it.",
        back=reverse("crm:stage_list"),
        stored=stage,
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_CATALOGUES)
def benefits_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    profile = get_object_or_404(RelationshipProfile, pk=pk)
    form = BenefitsForm(request.POST or None, instance=copy.copy(profile))
    return ask(
        request,
        title=profile.get_key_display(),
        form=form,
        act=lambda: lifecycle.change_benefits(
            actor=request.user,
            profile=profile,
            expected_version=form.cleaned_data["version"],
            **form.values(),
        ),
        said="Stored.",
        back=reverse("crm:stage_list"),
        stored=profile,
    )


def _account(request: SignedInRequest, pk: int) -> Account:
    return get_object_or_404(Account.objects.active().visible_to(request.user), pk=pk)
