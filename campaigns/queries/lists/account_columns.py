"""The columns of the list of accounts: the one place where each is declared."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from campaigns.permissions import VIEW_PLANS
from campaigns.queries.lists.campaign_columns import CAMPAIGN_COLUMN
from campaigns.queries.lists.payback_columns import PAYBACK_COLUMNS
from common.clock import business_today
from common.lists.columns import Cell, Column, Registry, Tag
from common.templatetags.display import (
    UNKNOWN,
    cents,
    count,
    day,
    days_away,
    money,
    share,
    signed_money,
)
from crm.choices import Stage
from crm.models import Account


def text_cell(text: str, *, tone: str = "") -> Cell:
    """Return plain text that a click filters by."""
    return Cell(text or UNKNOWN, tone=tone, value=text)


def person_cell(person: Any, *, nobody: str = UNKNOWN) -> Cell:
    if person is None:
        return Cell(nobody, tone="muted")
    return Cell(person.name, value=str(person.pk))


def tags_cell(tags: Any) -> Cell:
    found = tuple(Tag(str(one.pk), one.name, one.colour) for one in tags.all())
    return Cell("" if found else UNKNOWN, tags=found)


def tag_names(tags: Any) -> str:
    return ", ".join(one.name for one in tags.all())


def _name(row: Any) -> Cell:
    account: Account = row.record
    is_plain = account.stage == Stage.CUSTOMER
    return Cell(
        account.name,
        hint=account.name,
        url=reverse("crm:account_detail", args=[account.pk]),
        mark="" if is_plain else account.get_stage_display(),
    )


def _class(row: Any) -> Cell:
    if row.worth_class is None:
        return Cell("not yet", tone="muted")
    key = row.worth_class.value
    return Cell(row.worth_class.label, hint=row.reason, badge=key, value=key)


def _clv(row: Any) -> Cell:
    if row.value is None:
        return Cell(UNKNOWN)
    realised, expected = row.value.realised_profit, row.value.future_value
    hint = f"Realised {cents(realised)} + expected {cents(expected)}"
    return Cell(money(row.value.clv), hint=hint)


def _trend(row: Any) -> Cell:
    tones = {True: "gain", False: "loss"}
    tone = tones[row.trend > 0] if row.trend else ""
    return Cell(signed_money(row.trend), tone=tone)


def next_touch_cell(row: Any) -> Cell:
    touch = row.next_touch
    if touch is None:
        return Cell(UNKNOWN)
    title = touch.template.title
    return Cell(title, hint=title, under=days_away(touch.due_on, business_today()))


def _break_even(row: Any) -> Cell:
    value = row.value
    if value is None:
        return Cell(UNKNOWN)
    when = value.break_even_on or value.paid_back_on
    return Cell(value.get_break_even_display(), under=day(when) if when else "")


def _left(row: Any) -> Cell:
    wallet = row.wallet
    if wallet is None:
        return Cell(UNKNOWN)
    spend = wallet.spend
    hint = f"{cents(spend.used)} of {cents(spend.limit)} used, {wallet.response.said}"
    if spend.overspent:
        return Cell(signed_money(-spend.overspent), hint=hint, tone="loss")
    return Cell(money(spend.left), hint=hint)


def _lifecycle(row: Any) -> Cell:
    stage = row.lifecycle
    if stage is None:
        return Cell("not yet", tone="muted")
    return Cell(stage.name, hint=stage.play, value=str(stage.pk))


def _tasks(row: Any) -> Cell:
    if not row.open_tasks:
        return Cell(UNKNOWN)
    return Cell(count(row.open_tasks), value="open")


def _of_value(name: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row.value, name) if row.value else None


def _figure(
    key: str, title: str, name: str, *, total: bool = False, **more: Any
) -> Column:
    take = _of_value(name)
    return Column(
        key,
        title,
        cell=lambda row: Cell(money(take(row))),
        export=take,
        sort=key,
        is_number=True,
        is_descending=True,
        total=name if total else "",
        **more,
    )


def known(
    key: str, title: str, name: str, *, is_filter: bool = True, **more: Any
) -> Column:
    """Return a column of a plain text field of the account."""
    return Column(
        key,
        title,
        cell=lambda row: text_cell(getattr(row.record, name)),
        export=lambda row: getattr(row.record, name),
        filter=key if is_filter else "",
        edit=name,
        **more,
    )


def chosen(
    key: str, title: str, name: str, *, is_filter: bool = True, **more: Any
) -> Column:
    """Return a column of a field of the account that holds a word of a closed list."""

    def cell(row: Any) -> Cell:
        value = getattr(row.record, name)
        said = getattr(row.record, f"get_{name}_display")()
        return Cell(said if value else UNKNOWN, value=value)

    return Column(
        key,
        title,
        cell=cell,
        export=lambda row: cell(row).text,
        filter=key if is_filter else "",
        edit=name,
        **more,
    )


REGISTRY = Registry(
    (
        Column(
            "name",
            "Name",
            cell=_name,
            export=lambda row: row.record.name,
            sort="name",
            edit="name",
            is_fixed=True,
            style="is-main",
        ),
        Column(
            "class",
            "Class",
            cell=_class,
            export=lambda row: row.worth_class.label if row.worth_class else "",
            sort="class",
            filter="class",
            needs=frozenset({"class"}),
            is_default=True,
            is_on_phone=True,
            style="is-class",
        ),
        Column(
            "clv",
            "CLV",
            cell=_clv,
            export=_of_value("clv"),
            sort="clv",
            is_number=True,
            is_descending=True,
            total="clv",
            is_default=True,
            is_on_phone=True,
            help="Realised profit plus what is expected.",
        ),
        _figure("future", "Expected", "future_value", total=True, is_default=True),
        Column(
            "trend",
            "Change",
            cell=_trend,
            export=lambda row: row.trend,
            sort="trend",
            is_number=True,
            is_descending=True,
            needs=frozenset({"before"}),
            is_default=True,
            help="CLV less CLV of the valuation before.",
        ),
        _figure("profit", "Realised", "realised_profit", total=True),
        _figure("revenue", "Revenue, year", "revenue_year", total=True),
        _figure("margin", "Margin, year", "margin_year", total=True),
        _figure("cost", "Cost, year", "cost_year"),
        Column(
            "left",
            "Left to spend",
            cell=_left,
            export=lambda row: (
                row.wallet.spend.limit - row.wallet.spend.used if row.wallet else None
            ),
            sort="left",
            is_number=True,
            is_descending=True,
            needs=frozenset({"wallet"}),
            permission=VIEW_PLANS,
            help="Care that is justified this year, less what was spent. Long lists are"
            " in the order of the night.",
        ),
        Column(
            "orders",
            "Orders",
            cell=lambda row: Cell(count(_of_value("order_count")(row))),
            export=_of_value("order_count"),
            sort="orders",
            is_number=True,
            is_descending=True,
        ),
        Column(
            "last_order",
            "Last order",
            cell=lambda row: Cell(day(_of_value("last_on")(row))),
            export=_of_value("last_on"),
            sort="last_order",
            is_descending=True,
            style="is-short",
        ),
        Column(
            "alive",
            "Still a customer",
            cell=lambda row: Cell(share(_of_value("probability_alive")(row))),
            export=_of_value("probability_alive"),
            sort="alive",
            is_number=True,
            is_descending=True,
            help="The chance that the account orders again at all.",
        ),
        Column(
            "break_even",
            "Break-even",
            cell=_break_even,
            export=lambda row: _break_even(row).text,
            sort="break_even",
            style="is-short",
        ),
        *PAYBACK_COLUMNS,
        Column(
            "last_contact",
            "Last contact",
            cell=lambda row: Cell(day(row.record.last_contact_on)),
            export=lambda row: row.record.last_contact_on,
            sort="last_contact",
            is_descending=True,
            is_default=True,
            style="is-short",
        ),
        Column(
            "next_touch",
            "Next touch",
            cell=next_touch_cell,
            export=lambda row: row.next_touch.due_on if row.next_touch else None,
            sort="next_touch",
            needs=frozenset({"touch"}),
            is_default=True,
            is_on_phone=True,
            style="is-touch",
        ),
        Column(
            "owner",
            "Owner",
            cell=lambda row: person_cell(row.record.owner),
            export=lambda row: row.record.owner.name if row.record.owner else "",
            sort="owner",
            filter="owner",
            edit="owner",
            is_default=True,
            is_for_all=True,
            style="is-aside",
        ),
        known("city", "City", "city", sort="city", is_default=True, style="is-aside"),
        Column(
            "tags",
            "Tags",
            cell=lambda row: tags_cell(row.record.tags),
            export=lambda row: tag_names(row.record.tags),
            filter="tag",
            edit="tags",
            needs=frozenset({"tags"}),
            is_default=True,
        ),
        known("industry", "Industry", "industry", sort="industry", style="is-aside"),
        chosen("size", "Size", "size_band", style="is-short"),
        chosen("stage", "Stage", "stage", sort="stage", style="is-short"),
        chosen("relationship", "Relationship", "relationship_type"),
        Column(
            "lifecycle",
            "Lifecycle",
            cell=_lifecycle,
            export=lambda row: row.lifecycle.name if row.lifecycle else "",
            filter="lifecycle",
            needs=frozenset({"lifecycle"}),
            style="is-short",
            help="Where the relationship stands, by the rules of its stages.",
        ),
        Column(
            "competitors",
            "Competitors",
            cell=lambda row: Cell(", ".join(row.competitors) or UNKNOWN),
            export=lambda row: ", ".join(row.competitors),
            needs=frozenset({"competitors"}),
            style="is-aside",
            help="Who else sells there, as far as somebody noted it.",
        ),
        CAMPAIGN_COLUMN,
        chosen("source", "Source", "source", style="is-short"),
        Column(
            "territory",
            "Territory",
            cell=lambda row: person_cell(row.record.territory),
            export=lambda row: (
                row.record.territory.name if row.record.territory else ""
            ),
            filter="territory",
            edit="territory",
            style="is-aside",
        ),
        Column(
            "tasks",
            "Open tasks",
            cell=_tasks,
            export=lambda row: row.open_tasks,
            filter="task",
            is_number=True,
            needs=frozenset({"tasks"}),
        ),
        Column(
            "number",
            "Number",
            cell=lambda row: Cell(row.record.external_id or UNKNOWN),
            export=lambda row: row.record.external_id,
            style="is-short",
        ),
    )
)
