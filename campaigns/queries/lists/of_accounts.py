"""What lists of contacts and tasks say of the account behind each row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse

from campaigns.queries.lists.account_columns import person_cell
from clv.models import Valuation, ValuationRun
from common.lists.columns import Cell, Column
from common.templatetags.display import UNKNOWN, money
from crm.models import Account
from segments.choices import WorthClass
from segments.models import Membership


@dataclass(frozen=True, slots=True)
class OfAccount:
    """One row of a list, with the worth and the class of its account."""

    record: Any
    account: Account | None
    clv: Decimal | None = None
    worth_class: WorthClass | None = None


def with_worth(
    records: Iterable[Any], run: ValuationRun | None, needs: frozenset[str]
) -> list[OfAccount]:
    """Read worth and class of the accounts behind `records` (two queries at most)."""
    rows = list(records)
    keys = {row.account_id for row in rows if row.account_id}
    worth = _worth(run, keys) if "clv" in needs else {}
    classes = _classes(keys) if "class" in needs else {}
    return [
        OfAccount(
            record=row,
            account=row.account,
            clv=worth.get(row.account_id),
            worth_class=classes.get(row.account_id),
        )
        for row in rows
    ]


def in_order(records: dict[int, Any], keys: Sequence[int]) -> list[Any]:
    return [records[key] for key in keys if key in records]


def _worth(run: ValuationRun | None, keys: set[int]) -> dict[int, Decimal]:
    if run is None:
        return {}
    values = Valuation.objects.of_run(run).filter(account_id__in=keys)
    return dict(values.values_list("account_id", "clv"))


def _classes(keys: set[int]) -> dict[int, WorthClass]:
    held = Membership.objects.open().filter(account_id__in=keys)
    return {
        key: WorthClass(name)
        for key, name in held.values_list("account_id", "worth_class")
    }


def _account(row: OfAccount) -> Cell:
    if row.account is None:
        return Cell(UNKNOWN)
    url = reverse("crm:account_detail", args=[row.account.pk])
    return Cell(row.account.name, hint=row.account.name, url=url)


def _class(row: OfAccount) -> Cell:
    if row.worth_class is None:
        return Cell(UNKNOWN, tone="muted")
    key = row.worth_class.value
    return Cell(row.worth_class.label, badge=key, value=key)


ACCOUNT = Column(
    "account",
    "Account",
    cell=_account,
    export=lambda row: row.account.name if row.account else "",
    sort="account",
    is_default=True,
    is_on_phone=True,
    style="is-account",
)
CLASS = Column(
    "class",
    "Class",
    cell=_class,
    export=lambda row: row.worth_class.label if row.worth_class else "",
    filter="class",
    needs=frozenset({"class"}),
    is_default=True,
    style="is-class",
)
CLV = Column(
    "clv",
    "CLV",
    cell=lambda row: Cell(money(row.clv)),
    export=lambda row: row.clv,
    sort="clv",
    is_number=True,
    is_descending=True,
    needs=frozenset({"clv"}),
    is_default=True,
)
ACCOUNT_OWNER = Column(
    "owner",
    "Owner of the account",
    cell=lambda row: person_cell(row.account.owner if row.account else None),
    export=lambda row: (
        row.account.owner.name if row.account and row.account.owner else ""
    ),
    filter="owner",
    is_for_all=True,
    style="is-aside",
)
