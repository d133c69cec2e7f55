"""Service levels: what is promised to whom, and the form that changes it."""

from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from campaigns import permissions as own
from campaigns import policy
from campaigns.errors import StaleLevelsError
from campaigns.forms.service_levels import URGENCIES, LevelsForm
from campaigns.models import ServiceVersion
from campaigns.queries.service import level_rows, levels_now
from campaigns.services import service_levels
from common.access import requires
from common.errors import DomainError
from crm import permissions
from crm.requests import SignedInRequest

VERSIONS_SHOWN = 20


@require_GET
@requires(permissions.VIEW_CASES)
def level_list(request: SignedInRequest) -> HttpResponse:
    """Show the levels that count, and who published which version why."""
    levels = levels_now()
    context = {
        "levels": levels,
        "urgencies": [label for _, label in URGENCIES],
        "rows": level_rows(levels, [key for key, _ in URGENCIES]),
        "versions": ServiceVersion.objects.select_related("author")[:VERSIONS_SHOWN],
        "urgency_weights": [policy.CASE_URGENCY_WEIGHTS[key] for key, _ in URGENCIES],
        "can_change": request.user.has_perm(own.CHANGE_SERVICE_LEVELS),
    }
    return render(request, "campaigns/cases/levels.html", context)


@require_http_methods(["GET", "POST"])
@requires(own.CHANGE_SERVICE_LEVELS)
def level_edit(request: SignedInRequest) -> HttpResponse:
    """Publish other levels; the clocks of open cases follow at once."""
    levels = levels_now()
    form = LevelsForm(request.POST or None, levels=levels)
    status = 200
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            service_levels.publish_levels(
                actor=request.user,
                minutes=form.minutes(),
                reason=said["reason"],
                warning_share=Decimal(said["warning_share"]) / 100,
                based_on=said["based_on"],
            )
        except StaleLevelsError as error:
            form.add_error(None, error.message)
            form.show_newer()
            status = 409
        except DomainError as error:
            known = error.field in form.fields
            form.add_error(error.field if known else None, error.message)
        else:
            messages.success(request, "Published. All open cases follow it now.")
            return redirect("campaigns:level_list")
    if form.errors and status == 200:  # noqa: PLR2004
        status = 422
    context = {
        "form": form,
        "rows": list(form.rows),
        "urgencies": [label for _, label in URGENCIES],
        "current": levels.version,
        "is_stale": status == 409,  # noqa: PLR2004
        "stored": level_rows(levels, [key for key, _ in URGENCIES]),
    }
    return render(request, "campaigns/cases/levels_form.html", context, status=status)
