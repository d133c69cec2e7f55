"""The queue of cases: late ones first, then by class and urgency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse

from campaigns.queries.lists.account_columns import person_cell
from campaigns.queries.lists.base import Listing, Order
from campaigns.queries.lists.case_filters import FILTERS
from campaigns.queries.lists.contacts import by_worth
from campaigns.queries.lists.of_accounts import (
    ACCOUNT_OWNER,
    CLASS,
    CLV,
    in_order,
    with_worth,
)
from campaigns.queries.service import Standing, standings, with_clocks
from clv.models import ValuationRun
from common.lists.columns import Cell, Column, Registry
from common.templatetags.display import UNKNOWN, moment
from crm.choices import ListKey
from crm.models import Account, Case
from crm.models.cases import UNSETTLED
from segments.choices import WorthClass


@dataclass(frozen=True, slots=True)
class OfCase:
    """One row: a case, what its account is worth, and how its clocks stand."""

    record: Case
    account: Account | None
    clv: Decimal | None
    worth_class: WorthClass | None
    standing: Standing
    sees_account: bool


def _title(row: OfCase) -> Cell:
    case = row.record
    return Cell(
        case.title,
        hint=case.title,
        url=reverse("campaigns:case_detail", args=[case.pk]),
        mark="" if case.is_unsettled else case.get_status_display(),
    )


def _account(row: OfCase) -> Cell:
    if row.account is None:
        return Cell(row.record.sender, hint="Nobody has said whose case it is")
    url = ""
    if row.sees_account:
        url = reverse("crm:account_detail", args=[row.account.pk])
    return Cell(row.account.name, hint=row.account.name, url=url)


def _account_name(row: OfCase) -> str:
    return row.account.name if row.account else row.record.sender


def _clock(row: OfCase) -> Cell:
    standing = row.standing
    return Cell(
        standing.said,
        hint=standing.why,
        tone=standing.tone,
        value=standing.state.value,
        under=f"weight {standing.weight}",
    )


def _owner(row: OfCase) -> Cell:
    owner = row.record.owner
    cell = person_cell(owner, nobody="Nobody")
    if owner is not None and not owner.is_active:
        return Cell(cell.text, value=cell.value, mark="has left")
    return cell


def _said(name: str) -> Any:
    def cell(row: OfCase) -> Cell:
        value = getattr(row.record, name)
        return Cell(getattr(row.record, f"get_{name}_display")(), value=value)

    return cell


def _named(name: str) -> Any:
    def cell(row: OfCase) -> Cell:
        record = getattr(row.record, name)
        if record is None:
            return Cell(UNKNOWN, tone="muted")
        return Cell(str(record), value=str(record.pk))

    return cell


def _export_named(name: str) -> Any:
    return lambda row: str(getattr(row.record, name) or "")


REGISTRY = Registry(
    (
        Column(
            "title",
            "Case",
            cell=_title,
            export=lambda row: row.record.title,
            sort="title",
            edit="title",
            is_fixed=True,
            style="is-main",
        ),
        Column(
            "account",
            "Account",
            cell=_account,
            export=_account_name,
            sort="account",
            is_default=True,
            is_on_phone=True,
            style="is-account",
        ),
        Column(
            "clock",
            "Clock",
            cell=_clock,
            export=lambda row: row.standing.said,
            sort="place",
            filter="clock",
            is_default=True,
            is_on_phone=True,
            style="is-short",
            help="Late first, then class weight times urgency weight",
        ),
        Column(
            "urgency",
            "Urgency",
            cell=_said("urgency"),
            export=lambda row: row.record.get_urgency_display(),
            filter="urgency",
            edit="urgency",
            is_default=True,
            is_on_phone=True,
        ),
        CLASS,
        Column(
            "who",
            "Who",
            cell=_owner,
            export=_export_named("owner"),
            filter="who",
            edit="owner",
            is_default=True,
            style="is-aside",
        ),
        Column(
            "number",
            "Number",
            cell=lambda row: Cell(row.record.number),
            export=lambda row: row.record.number,
            is_default=True,
        ),
        Column(
            "status",
            "Status",
            cell=_said("status"),
            export=lambda row: row.record.get_status_display(),
            filter="status",
        ),
        Column(
            "kind",
            "Kind",
            cell=_said("kind"),
            export=lambda row: row.record.get_kind_display(),
            filter="kind",
            edit="kind",
        ),
        Column(
            "opened",
            "Opened",
            cell=lambda row: Cell(moment(row.record.opened_at)),
            export=lambda row: row.record.opened_at,
            sort="opened",
            is_descending=True,
        ),
        Column(
            "product",
            "Product",
            cell=_named("product"),
            export=_export_named("product"),
            filter="product",
        ),
        Column(
            "channel",
            "Came by",
            cell=_said("channel"),
            export=lambda row: row.record.get_channel_display(),
            filter="channel",
        ),
        Column(
            "territory",
            "Territory",
            cell=_named("territory"),
            export=_export_named("territory"),
            filter="territory",
            is_for_all=True,
        ),
        Column(
            "escalated",
            "Escalated to",
            cell=_named("escalated_to"),
            export=_export_named("escalated_to"),
        ),
        CLV,
        ACCOUNT_OWNER,
    )
)


class CaseList(Listing):
    """The cases that `user` may see; those not settled unless others are asked for."""

    key = ListKey.CASES
    model = Case
    noun = "case"
    registry = REGISTRY
    filters = FILTERS
    orders: ClassVar[Mapping[str, Order]] = {
        "place": Order("s_place", int),
        "title": Order("title"),
        "account": Order("account__name", is_nullable=True),
        "opened": Order("pk", int),
        "clv": Order("worth", Decimal, is_nullable=True, annotation=by_worth),
    }
    default_sort = "place"

    @cached_property
    def run(self) -> ValuationRun | None:
        return ValuationRun.objects.current()

    def visible(self) -> QuerySet[Case]:
        return Case.objects.visible_to(self.user)

    def filtered(self, *, without: frozenset[str] = frozenset()) -> QuerySet[Any]:
        rows = super().filtered(without=without)
        if self.form.given("status"):
            return rows
        return rows.filter(status__in=UNSETTLED)

    def sortable(self, order: Order) -> QuerySet[Any]:
        rows = super().sortable(order)
        return with_clocks(rows) if order.field == "s_place" else rows

    def read(self, keys: Sequence[int]) -> list[Any]:
        rows = Case.objects.select_related(
            "account__owner", "owner", "product", "territory", "escalated_to"
        )
        found = in_order(rows.in_bulk(list(keys)), keys)
        worth = with_worth(found, self.run, self.needs - {"class"})
        return [
            OfCase(
                record=one.record,
                account=one.account,
                clv=one.clv,
                worth_class=standing.worth_class,
                standing=standing,
                sees_account=self._sees(one.account),
            )
            for one, standing in zip(worth, standings(found), strict=True)
        ]

    def _sees(self, account: Account | None) -> bool:
        if account is None:
            return False
        return self.user.sees_every_account or account.owner_id == self.user.pk
