"""Prospects: whom to win first, and what winning each may cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from campaigns.forms.prospects import AssignForm, ProspectFilterForm
from campaigns.models import PlannedTouch
from campaigns.queries.lists.accounts import first_touches
from clv.models import ValuationRun
from clv.permissions import VIEW_VALUES
from clv.queries.prospects import Prospect, ProspectFilter, ProspectList
from common.access import requires
from common.clock import business_today
from common.errors import DomainError
from common.htmx import render_page
from common.spreadsheets import csv_lines
from crm.models import User
from crm.permissions import ASSIGN_ACCOUNTS
from crm.requests import SignedInRequest
from crm.services import audit, handover


@dataclass(frozen=True, slots=True)
class Line:
    """One prospect with what is planned next."""

    prospect: Prospect
    next_touch: PlannedTouch | None


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading; `sort` is what a click on it asks for, empty where it cannot."""

    title: str
    key: str = ""
    sort: str = ""
    direction: str = ""
    is_number: bool = True


COLUMNS = (
    Heading("Prospect", "name", is_number=False),
    Heading("Expected gain", "-gain"),
    Heading("Worth once won", "-worth"),
    Heading("Pay at most"),
    Heading("Stays"),
    Heading("Orders again"),
    Heading("Like customers", is_number=False),
    Heading("Source", is_number=False),
    Heading("Owner", is_number=False),
    Heading("Next touch", is_number=False),
)


@require_GET
@requires(VIEW_VALUES)
def prospect_list(request: SignedInRequest) -> HttpResponse:
    """Show accounts without orders, those first that promise most."""
    form, shown = _shown(request.user, request.GET)
    page = shown.page(request.GET.get("cursor", ""))
    touches = first_touches([one.account.pk for one in page])
    return render_page(
        request,
        "campaigns/prospects/list.html",
        fragment="campaigns/prospects/_list.html",
        context={
            "form": form,
            "is_filtered": shown.wanted.is_narrow,
            "run": shown.run,
            "headings": _headings(shown),
            "page": page,
            "lines": [Line(one, touches.get(one.account.pk)) for one in page],
            "count": shown.count,
            "chance": shown.first_like,
            "shows_owner": request.user.sees_every_account,
            "assign": AssignForm() if request.user.has_perm(ASSIGN_ACCOUNTS) else None,
            "today": business_today(),
        },
    )


@require_POST
@requires(VIEW_VALUES)
def prospect_export(request: SignedInRequest) -> StreamingHttpResponse:
    """Stream the whole list, as filtered and sorted; the audit trail keeps who did."""
    _, shown = _shown(request.user, request.GET)
    day = shown.run.as_of if shown.run else business_today()
    audit.record(
        actor=request.user,
        action="prospects.exported",
        as_of=day.isoformat(),
        filter=_said(shown.wanted),
    )
    return StreamingHttpResponse(
        csv_lines(EXPORT_HEADER, _export_rows(shown)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="prospects-{day}.csv"'},
    )


@require_POST
@requires(ASSIGN_ACCOUNTS)
def prospect_assign(request: SignedInRequest) -> HttpResponse:
    """Give the chosen accounts one owner, all or none."""
    chosen = [int(one) for one in request.POST.getlist("chosen") if one.isdecimal()]
    form = AssignForm(request.POST, offered=chosen)
    if not form.is_valid():
        messages.error(request, "Choose accounts and a person who is to own them.")
        return redirect(_back(request))
    owner: User = form.cleaned_data["new_owner"]
    try:
        moved = handover.assign_owner(actor=request.user, chosen=chosen, owner=owner)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{moved} handed over to {owner}.")
    return redirect(_back(request))


def _back(request: SignedInRequest) -> str:
    """Return the list as it was filtered."""
    query = request.GET.urlencode()
    address = reverse("campaigns:prospect_list")
    return f"{address}?{query}" if query else address


def _shown(user: User, given: Any) -> tuple[ProspectFilterForm, ProspectList]:
    run = ValuationRun.objects.select_related("assumptions").current()
    everything = ProspectList(user=user, run=run, wanted=ProspectFilter())
    form = ProspectFilterForm(given, user=user, industries=everything.industries())
    return form, ProspectList(user=user, run=run, wanted=form.wanted())


def _headings(shown: ProspectList) -> list[Heading]:
    sort = shown.sort
    direction = "descending" if sort.descending else "ascending"
    headings = []
    for column in COLUMNS:
        key = column.key.removeprefix("-")
        turned = key if sort.descending else f"-{key}"
        is_it = bool(key) and key == sort.key
        headings.append(
            Heading(
                title=column.title,
                key=key,
                sort=turned if is_it else column.key,
                direction=direction if is_it else "",
                is_number=column.is_number,
            )
        )
    return headings


def _said(wanted: ProspectFilter) -> dict[str, str]:
    """Return what the list was narrowed to, as the audit trail can keep it."""
    said = {
        "search": wanted.search,
        "industry": wanted.industry,
        "source": wanted.source,
        "territory": str(wanted.territory or ""),
        "owner": str(wanted.owner or ""),
    }
    return {name: text for name, text in said.items() if text}


EXPORT_HEADER = (
    "Name",
    "Number",
    "Expected gain",
    "Worth once won",
    "If won, from",
    "If won, to",
    "Chance to win",
    "Cost to win",
    "Pay at most",
    "Used",
    "Stays, years",
    "Orders again",
    "Like customers",
    "They share",
    "Industry",
    "Source",
    "Territory",
    "Owner",
    "Last contact",
)


def _export_rows(shown: ProspectList) -> Iterator[tuple[Any, ...]]:
    for one in shown.every_row():
        account, like = one.account, one.like
        yield (
            account.name,
            account.external_id,
            one.gain,
            like.worth_once_won,
            one.value.future_low,
            one.value.future_high,
            round(one.chance, 4),
            like.cost_to_win,
            one.pay_at_most,
            one.used,
            round(like.tenure_years, 2),
            round(like.repeat_share, 4),
            like.customers,
            like.traits,
            account.industry,
            account.get_source_display(),
            account.territory.name if account.territory else "",
            account.owner.name if account.owner else "",
            account.last_contact_on,
        )
