"""Accuracy: how good the forecasts were, by what really came."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.models import Judgement
from clv.permissions import VIEW_ACCURACY
from clv.queries.accuracy import judgements, report_of
from clv.queries.truth import against_truth
from common.access import requires
from crm.requests import SignedInRequest


@require_GET
@requires(VIEW_ACCURACY)
def accuracy(request: SignedInRequest) -> HttpResponse:
    """Show the newest judgement, those before it and, for a demo firm, the truth."""
    newest = Judgement.objects.select_related("run").first()
    report = report_of(newest) if newest else None
    context = {
        "judgement": newest,
        "report": report,
        "chart": report.chart if report else None,
        "history": judgements() if newest else [],
        "truth": against_truth(),
    }
    return render(request, "clv/accuracy/page.html", context)
