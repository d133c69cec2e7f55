"""The columns of the list of prospects: the one place where each is declared."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from campaigns.queries.lists.account_columns import (
    chosen,
    known,
    next_touch_cell,
    person_cell,
    tag_names,
    tags_cell,
)
from common.lists.columns import Cell, Column, Registry
from common.templatetags.display import (
    UNKNOWN,
    count,
    day,
    money,
    number,
    share,
    signed_money,
)


def _name(row: Any) -> Cell:
    account = row.record
    return Cell(
        account.name,
        hint=account.name,
        url=reverse("crm:account_detail", args=[account.pk]),
    )


def _gain(row: Any) -> Cell:
    one = row.prospect
    chance = share(one.chance)
    if one.deal_chance is not None:
        chance += " of its deal"
    worth, cost = money(one.like.worth_once_won), money(one.like.cost_to_win)
    return Cell(signed_money(one.gain), under=f"{worth} × {chance} − {cost}")


def _worth(row: Any) -> Cell:
    value = row.prospect.value
    likely = f"{money(value.future_low)} to {money(value.future_high)}"
    return Cell(money(row.prospect.like.worth_once_won), under=likely)


def _pay(row: Any) -> Cell:
    one = row.prospect
    return Cell(
        money(one.pay_at_most),
        tone="loss" if one.is_overspent else "",
        under=f"{money(one.used)} used",
    )


def _like(row: Any) -> Cell:
    like = row.prospect.like
    return Cell(count(like.customers), under=like.traits)


def _of_prospect(path: str) -> Callable[[Any], Any]:
    """Return what takes a value of the prospect, such as `like.worth_once_won`."""

    def take(row: Any) -> Any:
        found = row.prospect
        for name in path.split("."):
            found = getattr(found, name)
        return found

    return take


def _plain(key: str, title: str, path: str, say: Any, **more: Any) -> Column:
    take = _of_prospect(path)
    return Column(
        key,
        title,
        cell=lambda row: Cell(say(take(row))),
        export=take,
        is_number=True,
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
            "gain",
            "Expected gain",
            cell=_gain,
            export=_of_prospect("gain"),
            sort="gain",
            is_number=True,
            is_descending=True,
            is_default=True,
            is_on_phone=True,
            help="Worth once won × chance to win − cost to win.",
        ),
        Column(
            "worth",
            "Worth once won",
            cell=_worth,
            export=_of_prospect("like.worth_once_won"),
            sort="worth",
            is_number=True,
            is_descending=True,
            is_default=True,
            is_on_phone=True,
        ),
        Column(
            "pay",
            "Pay at most",
            cell=_pay,
            export=_of_prospect("pay_at_most"),
            is_number=True,
            is_default=True,
            is_on_phone=True,
            help="What winning it may still cost.",
        ),
        _plain("used", "Used", "used", money),
        _plain("chance", "Chance to win", "chance", share),
        _plain("win_cost", "Cost to win", "like.cost_to_win", money),
        _plain("low", "If won, from", "value.future_low", money),
        _plain("high", "If won, to", "value.future_high", money),
        _plain("stays", "Stays, years", "like.tenure_years", number, is_default=True),
        _plain("again", "Orders again", "like.repeat_share", share, is_default=True),
        Column(
            "like",
            "Like customers",
            cell=_like,
            export=_of_prospect("like.customers"),
            is_number=True,
            is_default=True,
            style="is-like",
            help="How many customers like it there are, and what they share.",
        ),
        chosen("source", "Source", "source", is_default=True, style="is-short"),
        Column(
            "owner",
            "Owner",
            cell=lambda row: person_cell(row.record.owner, nobody="nobody"),
            export=lambda row: row.record.owner.name if row.record.owner else "",
            filter="owner",
            edit="owner",
            is_default=True,
            is_for_all=True,
            style="is-aside",
        ),
        Column(
            "next_touch",
            "Next touch",
            cell=next_touch_cell,
            export=lambda row: row.next_touch.due_on if row.next_touch else None,
            needs=frozenset({"touch"}),
            is_default=True,
            is_on_phone=True,
            style="is-touch",
        ),
        Column(
            "tags",
            "Tags",
            cell=lambda row: tags_cell(row.record.tags),
            export=lambda row: tag_names(row.record.tags),
            filter="tag",
            edit="tags",
            needs=frozenset({"tags"}),
        ),
        known("industry", "Industry", "industry", is_filter=False, style="is-aside"),
        known("city", "City", "city", is_filter=False, style="is-aside"),
        chosen("size", "Size", "size_band", is_filter=False, style="is-short"),
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
            "last_contact",
            "Last contact",
            cell=lambda row: Cell(day(row.record.last_contact_on)),
            export=lambda row: row.record.last_contact_on,
            style="is-short",
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
