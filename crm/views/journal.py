"""The journal of an account, and how often people supposed rightly."""

import copy
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from common.access import requires
from common.clock import business_today
from crm import permissions
from crm.forms.goals import (
    ConclusionForm,
    HypothesisEvidenceForm,
    HypothesisForm,
    ReviewForm,
)
from crm.models import Account, Hypothesis
from crm.queries.journal import hit_rates, hypotheses_due
from crm.queries.journal import journal as journal_of
from crm.requests import SignedInRequest
from crm.services import journal
from crm.views.dialogs import ask


def journal_tab(request: SignedInRequest, account: Account) -> dict[str, Any]:
    return {"journal": journal_of(account, business_today())}


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def journal_report(request: SignedInRequest) -> HttpResponse:
    today = business_today()
    context = {
        "rates": hit_rates(request.user, today),
        "due": hypotheses_due(request.user, today),
    }
    return render(request, "crm/journal/report.html", context)


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def hypothesis_create(request: SignedInRequest, pk: int) -> HttpResponse:
    mine = Account.objects.active().visible_to(request.user)
    account = get_object_or_404(mine, pk=pk)
    form = HypothesisForm(request.POST or None)
    return ask(
        request,
        title=f"A hypothesis about {account}",
        form=form,
        act=lambda: journal.create_hypothesis(
            actor=request.user, account=account, **form.cleaned_data
        ),
        said="Written into the journal.",
        back=_back(account),
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def hypothesis_evidence(request: SignedInRequest, pk: int) -> HttpResponse:
    hypothesis = _hypothesis(request, pk)
    form = HypothesisEvidenceForm(request.POST or None)
    return ask(
        request,
        title=f"Evidence: {hypothesis}",
        form=form,
        act=lambda: journal.add_evidence(
            actor=request.user, hypothesis=hypothesis, **form.cleaned_data
        ),
        said="Evidence noted.",
        back=_back(hypothesis.account),
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def hypothesis_conclude(request: SignedInRequest, pk: int) -> HttpResponse:
    hypothesis = _hypothesis(request, pk)
    form = ConclusionForm(request.POST or None, instance=copy.copy(hypothesis))
    return ask(
        request,
        title=f"Conclude: {hypothesis}",
        form=form,
        act=lambda: journal.conclude(
            actor=request.user,
            hypothesis=hypothesis,
            expected_version=form.cleaned_data["version"],
            **form.values(),
        ),
        said="Concluded.",
        back=_back(hypothesis.account),
        stored=hypothesis,
    )


@require_http_methods(["GET", "POST"])
@requires(permissions.LOG_TOUCHPOINTS)
def hypothesis_review(request: SignedInRequest, pk: int) -> HttpResponse:
    hypothesis = _hypothesis(request, pk)
    form = ReviewForm(request.POST or None, instance=copy.copy(hypothesis))
    return ask(
        request,
        title=f"Look again: {hypothesis}",
        form=form,
        act=lambda: journal.review_again(
            actor=request.user,
            hypothesis=hypothesis,
            expected_version=form.cleaned_data["version"],
            **form.values(),
        ),
        said="It stays open until then.",
        back=_back(hypothesis.account),
        stored=hypothesis,
    )


def _hypothesis(request: SignedInRequest, pk: int) -> Hypothesis:
    mine = Hypothesis.objects.visible_to(request.user)
    found: Hypothesis = get_object_or_404(mine.select_related("account"), pk=pk)
    return found


def _back(account: Account) -> str:
    return f"{reverse('crm:account_detail', args=[account.pk])}?tab=journal"
