"""Files of costs: try, load, take back."""

from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from common.access import requires
from common.errors import DomainError
from common.htmx import render_page
from crm.forms.allocations import UndoForm
from crm.forms.cost_files import CostFileForm
from crm.import_choices import ImportKind
from crm.models import ImportJob
from crm.permissions import CHANGE_LEDGER
from crm.requests import SignedInRequest
from crm.services import allocation
from crm.services.imports.jobs import Report, Request
from crm.services.imports.uploads import load_upload
from crm.views.dialogs import ask

NEWEST_SHOWN = 20
REFUSED = 422


@require_http_methods(["GET", "POST"])
@requires(CHANGE_LEDGER)
def file_list(request: SignedInRequest) -> HttpResponse:
    """Show the files that were loaded; try or load another."""
    form = CostFileForm(request.POST or None, request.FILES or None)
    report, is_trial, status = None, request.POST.get("act") != "load", 200
    if request.method == "POST":
        status = REFUSED
        if form.is_valid():
            try:
                report = _read(request, form, is_trial=is_trial)
                status = 200
            except DomainError as error:
                form.add_error("file", error.message)
    jobs = ImportJob.objects.filter(kind=ImportKind.COSTS)
    context: dict[str, Any] = {
        "form": form,
        "report": report,
        "is_trial": is_trial,
        "jobs": jobs.select_related("created_by")[:NEWEST_SHOWN],
    }
    return render_page(
        request,
        "crm/ledger/files.html",
        fragment="crm/ledger/_report.html",
        context=context,
        status=status,
    )


def _read(request: SignedInRequest, form: CostFileForm, *, is_trial: bool) -> Report:
    file = form.cleaned_data["file"]
    wanted = Request(
        path=Path(Path(file.name or "").name or "costs.csv"),
        source=form.cleaned_data["source"],
        is_dry_run=is_trial,
    )
    return load_upload(ImportKind.COSTS, file.chunks(), wanted, actor=request.user)


@require_http_methods(["GET", "POST"])
@requires(CHANGE_LEDGER)
def file_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take every cost of a file back."""
    job = get_object_or_404(ImportJob, pk=pk, kind=ImportKind.COSTS)
    form = UndoForm(request.POST or None)
    return ask(
        request,
        title=f"Take back {job.file_name}",
        form=form,
        act=lambda: allocation.undo_import(
            actor=request.user, job=job, **form.cleaned_data
        ),
        said="Taken back by reversals.",
        back=reverse("crm:cost_files"),
    )
