"""Files of accounts, people, products, orders, holdings and use: try, then load."""

import csv
from pathlib import Path

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods

from common.access import requires
from common.errors import DomainError
from common.htmx import render_page
from crm.forms.imports import KINDS, DataFileForm
from crm.models import ImportJob
from crm.permissions import IMPORT_DATA
from crm.requests import SignedInRequest
from crm.services.imports.jobs import Report, Request
from crm.services.imports.refused import kept_rows
from crm.services.imports.uploads import load_upload

NEWEST_SHOWN = 20
REFUSED = 422


@require_http_methods(["GET", "POST"])
@requires(IMPORT_DATA)
def import_list(request: SignedInRequest) -> HttpResponse:
    """Show the files that were loaded; try or load another."""
    form = DataFileForm(request.POST or None, request.FILES or None)
    report, is_trial, status = None, request.POST.get("act") != "load", 200
    if request.method == "POST":
        status = REFUSED
        if form.is_valid():
            try:
                report, status = _read(request, form, is_trial=is_trial), 200
            except DomainError as error:
                form.add_error("file", error.message)
    return render_page(
        request,
        "crm/imports/page.html",
        fragment="crm/imports/_report.html",
        context={
            "form": form,
            "report": report,
            "is_trial": is_trial,
            "jobs": _jobs().select_related("created_by")[:NEWEST_SHOWN],
        },
        status=status,
    )


@require_GET
@requires(IMPORT_DATA)
def import_refused(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give the refused rows of a file with their reasons, to be mended and loaded."""
    job = get_object_or_404(_jobs(), pk=pk)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"refused-{job.pk}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(answer, delimiter=job.delimiter or ",")
    writer.writerows(kept_rows(job))
    return answer


def _jobs() -> "QuerySet[ImportJob]":
    return ImportJob.objects.filter(kind__in=KINDS)


def _read(request: SignedInRequest, form: DataFileForm, *, is_trial: bool) -> Report:
    said = form.cleaned_data
    wanted = Request(
        path=Path(Path(said["file"].name or "").name or "file.csv"),
        source=said["source"],
        decimal=said["decimal"],
        date_format=said["date_format"],
        is_dry_run=is_trial,
    )
    return load_upload(said["kind"], said["file"].chunks(), wanted, actor=request.user)
