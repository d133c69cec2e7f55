"""Goals of customers: note, change, show what they gained, plan the next step."""

import copy
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from common import panels
from common.access import requires
from common.clock import business_today
from crm import permissions
from crm.forms.goals import GoalEvidenceForm, GoalForm, StepForm
from crm.models import Account, ClientGoal, GoalEvidence
from crm.queries.goals import goals as goals_of
from crm.requests import SignedInRequest
from crm.services import goals
from crm.views.dialogs import acted, ask


def goals_tab(request: SignedInRequest, account: Account) -> dict[str, Any]:
    return {
        "goals": goals_of(account, business_today()),
        "both_sides": panels.panels_for("account-goals", request.user),
    }


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def goal_create(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    form = GoalForm(request.POST or None, account=account, actor=request.user)
    return ask(
        request,
        title=f"A goal of {account}",
        form=form,
        act=lambda: goals.create_goal(
            actor=request.user, account=account, **form.values()
        ),
        said="Goal noted.",
        back=_back(account),
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def goal_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    goal = _goal(request, pk)
    form = GoalForm(
        request.POST or None,
        instance=copy.copy(goal),
        account=goal.account,
        actor=request.user,
    )
    return ask(
        request,
        title="Change the goal",
        form=form,
        act=lambda: goals.change_goal(
            actor=request.user,
            goal=goal,
            expected_version=form.cleaned_data["version"],
            **form.values(),
        ),
        said="Goal changed.",
        back=_back(goal.account),
        stored=goal,
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def goal_evidence(request: SignedInRequest, pk: int) -> HttpResponse:
    goal = _goal(request, pk)
    form = GoalEvidenceForm(request.POST or None)
    return ask(
        request,
        title=f"Evidence: {goal}",
        form=form,
        act=lambda: goals.add_evidence(
            actor=request.user, goal=goal, **form.cleaned_data
        ),
        said="Evidence noted.",
        back=_back(goal.account),
    )


@require_POST
@requires(permissions.LOG_TOUCHPOINTS)
def goal_evidence_withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = GoalEvidence.objects.visible_to(request.user)
    evidence = get_object_or_404(mine.select_related("goal", "account"), pk=pk)
    return acted(
        request,
        act=lambda: goals.withdraw_evidence(actor=request.user, evidence=evidence),
        said="Evidence withdrawn.",
        back=_back(evidence.account),
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def goal_step(request: SignedInRequest, pk: int) -> HttpResponse:
    goal = _goal(request, pk)
    form = StepForm(request.POST or None)
    return ask(
        request,
        title=f"Next step: {goal}",
        form=form,
        act=lambda: goals.plan_next_step(
            actor=request.user, goal=goal, **form.cleaned_data
        ),
        said="Next step planned; it stands under To do.",
        back=_back(goal.account),
    )


def _goal(request: SignedInRequest, pk: int) -> ClientGoal:
    mine = ClientGoal.objects.visible_to(request.user)
    goal: ClientGoal = get_object_or_404(mine.select_related("account", "owner"), pk=pk)
    return goal


def _back(account: Account) -> str:
    return f"{reverse('crm:account_detail', args=[account.pk])}?tab=goals"
