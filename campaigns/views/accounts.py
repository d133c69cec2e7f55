"""The list of accounts: what each is worth, and what happens next."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from campaigns.forms.accounts import AccountFilterForm
from campaigns.queries.accounts import AccountList, AccountRow
from clv.models import ValuationRun
from common.access import requires
from common.clock import business_today
from common.htmx import render_page
from common.paging import Sort
from common.spreadsheets import csv_lines
from crm import permissions
from crm.models import User
from crm.requests import SignedInRequest


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key, its heading, and the way it is sorted at first."""

    key: str
    title: str
    is_number: bool = False
    is_descending: bool = False

    def link(self, sort: Sort) -> str:
        """Return the sort that a click on the heading asks for."""
        turns = sort.key == self.key
        descending = not sort.descending if turns else self.is_descending
        return f"-{self.key}" if descending else self.key


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading as the page shows it."""

    column: Column
    sort: str
    direction: str


COLUMNS = (
    Column("name", "Name"),
    Column("class", "Class"),
    Column("clv", "CLV", is_number=True, is_descending=True),
    Column("future", "Expected", is_number=True, is_descending=True),
    Column("trend", "Change", is_number=True, is_descending=True),
    Column("last_contact", "Last contact", is_descending=True),
    Column("next_touch", "Next touch"),
    Column("owner", "Owner"),
    Column("city", "City"),
)


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def account_list(request: SignedInRequest) -> HttpResponse:
    form = AccountFilterForm(request.GET, user=request.user)
    shown = _shown(request, form)
    return render_page(
        request,
        "campaigns/accounts/list.html",
        fragment="campaigns/accounts/_list.html",
        context={
            "form": form,
            "is_filtered": _is_filtered(form),
            "run": shown.run,
            "as_of": form.cleaned_data.get("as_of"),
            "headings": _headings(shown.sort, request.user),
            "shows_owner": request.user.sees_every_account,
            "sort": shown.sort,
            "page": shown.page(request.GET.get("cursor", "")),
            "totals": shown.totals(),
            "new_count": 0 if shown.wanted.is_new else shown.new_count(),
            "can_create": request.user.has_perm(permissions.CHANGE_ACCOUNTS),
            "today": business_today(),
        },
    )


@require_GET
@requires(permissions.VIEW_ACCOUNTS)
def account_export(request: SignedInRequest) -> StreamingHttpResponse:
    """Stream the whole list, as filtered and sorted, to a spreadsheet."""
    shown = _shown(request, AccountFilterForm(request.GET, user=request.user))
    day = shown.run.as_of if shown.run else business_today()
    return StreamingHttpResponse(
        csv_lines(EXPORT_HEADER, _export_rows(shown)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="accounts-{day}.csv"',
        },
    )


EXPORT_HEADER = (
    "Name",
    "Number",
    "Class",
    "CLV",
    "Realised",
    "Expected",
    "Change",
    "Last contact",
    "Next touch",
    "Due",
    "Owner",
    "City",
    "Stage",
)


def _export_rows(shown: AccountList) -> Iterator[tuple[Any, ...]]:
    for row in shown.every_row():
        yield _export_row(row)


def _export_row(row: AccountRow) -> tuple[Any, ...]:
    account, touch = row.account, row.next_touch
    return (
        account.name,
        account.external_id,
        row.worth_class.label if row.worth_class else "",
        row.clv,
        row.realised_profit,
        row.future_value,
        row.trend,
        account.last_contact_on,
        touch.template.title if touch else "",
        touch.due_on if touch else "",
        account.owner.name if account.owner else "",
        account.city,
        account.get_stage_display(),
    )


def _shown(request: SignedInRequest, form: AccountFilterForm) -> AccountList:
    wanted = form.wanted()
    run = _run(form.cleaned_data.get("as_of"))
    return AccountList(user=request.user, run=run, wanted=wanted)


def _run(as_of: dt.date | None) -> ValuationRun | None:
    if as_of is None:
        return ValuationRun.objects.current()
    return ValuationRun.objects.as_of(as_of)


def _is_filtered(form: AccountFilterForm) -> bool:
    names = ("search", "worth_class", "stage", "owner", "customers", "new")
    return any(form.cleaned_data.get(name) for name in names)


def _headings(sort: Sort, user: User) -> list[Heading]:
    """Return the headings of the columns; a rep owns all that the list shows."""
    direction = "descending" if sort.descending else "ascending"
    return [
        Heading(
            column=column,
            sort=column.link(sort),
            direction=direction if column.key == sort.key else "",
        )
        for column in COLUMNS
        if column.key != "owner" or user.sees_every_account
    ]
