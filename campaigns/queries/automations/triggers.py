"""Triggers: what an automation waits for, each a statement over stored facts.

Every statement says `account_id, cause, at, text`. The cause names the occasion, so
that an automation decides it once: the order, the case, the day of the class. Facts are
found by when they were entered, and what the database shows later than it was stamped
is found as well, because the cursor stays behind the oldest open transaction.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from campaigns.queries.automations import options
from campaigns.queries.automations.base import (
    Search,
    Statement,
    Trigger,
    Values,
    day_of,
)
from campaigns.queries.automations.params import Kind, Param
from campaigns.queries.automations.states import STATES, day_words
from segments.choices import WorthClass

# Orders and first contacts that were entered later than so are history, not news.
NEWS_DAYS = 14
_RANKS = " ".join(f"WHEN '{key.value}' THEN {key.rank}" for key in WorthClass)
_NAMES = " ".join(f"WHEN '{key.value}' THEN '{key.label}'" for key in WorthClass)


def _class_changed(values: Values, search: Search) -> Statement:
    """Find new memberships; the first one of an account only if that is asked for."""
    return Statement(
        f"""
        SELECT m.account_id, 'class:' || m.since || ':' || m.worth_class AS cause,
            m.since::timestamptz AS at,
            format('Class changed from %%s to %%s on %%s.',
                CASE b.worth_class {_NAMES} ELSE 'none' END,
                CASE m.worth_class {_NAMES} END, {day_words("m.since")}) AS text
        FROM segments_membership m
        LEFT JOIN segments_membership b
            ON b.account_id = m.account_id AND b.until = m.since
        WHERE m.id > %(membership_floor)s AND m.since >= %(since)s::date - 40
            AND (%(membership_floor)s > 0 OR m.since >= %(started_on)s)
            {search.only("m.account_id")}
            AND (%(to)s = '' OR m.worth_class = %(to)s)
            AND CASE %(from)s WHEN '' THEN b.id IS NOT NULL
                WHEN 'none' THEN b.id IS NULL
                ELSE b.worth_class = %(from)s END
            AND CASE %(direction)s WHEN '' THEN TRUE
                WHEN 'fell' THEN CASE b.worth_class {_RANKS} END
                    < CASE m.worth_class {_RANKS} END
                ELSE CASE b.worth_class {_RANKS} END
                    > CASE m.worth_class {_RANKS} END END
        """,
        {
            "from": values["from_class"],
            "to": values["to_class"],
            "direction": values["direction"],
        },
    )


def _say_class_changed(values: Values) -> str:
    verb = {"fell": "falls", "rose": "rises"}.get(values["direction"], "changes")
    said = f"the class {verb}"
    if before := values["from_class"]:
        said += f" from {_from.said(before)}"
    if becomes := values["to_class"]:
        said += f" to {_to.said(becomes)}"
    return said


def _order_placed(values: Values, search: Search) -> Statement:
    """Find confirmed orders; not those of long ago that were entered now."""
    return Statement(
        f"""
        SELECT o.account_id, 'order:' || o.id AS cause, o.created_at AS at,
            format('Order of %%s over %%s {settings.CURRENCY}.',
                {day_words("o.ordered_on")},
                to_char(lines.amount, 'FM999,999,999,990.00')) AS text
        FROM crm_order o
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(l.revenue), 0) AS amount FROM crm_orderline l
            WHERE l.order_id = o.id
        ) lines
        WHERE o.status = 'confirmed' AND o.updated_at >= %(since)s
            AND o.created_at >= %(started_at)s {search.only("o.account_id")}
            AND (%(is_trial)s
                OR o.ordered_on >= {day_of("o.created_at")} - {NEWS_DAYS})
            AND (%(over)s = '' OR lines.amount >= nullif(%(over)s, '')::numeric)
            AND (%(which)s = '' OR NOT EXISTS (
                SELECT FROM crm_order e WHERE e.account_id = o.account_id
                    AND e.status = 'confirmed'
                    AND (e.ordered_on, e.id) < (o.ordered_on, o.id)))
        """,
        {"over": values["over"], "which": values["which"]},
    )


def _say_order_placed(values: Values) -> str:
    said = "the first order comes" if values["which"] else "an order comes"
    return f"{said} over at least {values['over']}" if values["over"] else said


def _case_opened(values: Values, search: Search) -> Statement:
    return Statement(
        f"""
        SELECT c.account_id, 'case:' || c.id || ':opened' AS cause, c.created_at AS at,
            left(format('Case C-%%s opened: %%s', c.id, c.title), 400) AS text
        FROM crm_case c
        WHERE c.account_id IS NOT NULL AND c.updated_at >= %(since)s
            AND c.created_at >= %(started_at)s {search.only("c.account_id")}
            AND (%(kind)s = '' OR c.kind = %(kind)s)
        """,
        {"kind": values["case_kind"]},
    )


def _case_closed(values: Values, search: Search) -> Statement:
    """Find settled cases; one that was opened again and settled again is another."""
    return Statement(
        f"""
        SELECT c.account_id, 'case:' || c.id || ':settled:'
                || floor(extract(epoch FROM c.resolved_at)) AS cause,
            c.resolved_at AS at,
            left(format('Case C-%%s settled: %%s', c.id, c.title), 400) AS text
        FROM crm_case c
        WHERE c.account_id IS NOT NULL AND c.updated_at >= %(since)s
            AND c.resolved_at >= %(started_at)s {search.only("c.account_id")}
            AND (%(kind)s = '' OR c.kind = %(kind)s)
        """,
        {"kind": values["case_kind"]},
    )


def _say_case(what: str) -> Any:
    def say(values: Values) -> str:
        kind = values["case_kind"]
        return (
            f"a case ({_case_kind.said(kind).lower()}) is {what}"
            if kind
            else (f"a case is {what}")
        )

    return say


def _event_recorded(values: Values, search: Search) -> Statement:
    return Statement(
        f"""
        SELECT e.account_id, 'event:' || e.id AS cause, e.created_at AS at,
            left(format('%%s on %%s. %%s', t.name, {day_words("e.occurred_on")},
                e.note), 400) AS text
        FROM crm_lifeevent e JOIN crm_eventtype t ON t.id = e.type_id
        WHERE e.voided_at IS NULL AND e.updated_at >= %(since)s
            AND e.created_at >= %(started_at)s {search.only("e.account_id")}
            AND e.type_id = ANY(%(types)s::bigint[])
        """,
        {"types": [int(key) for key in values["event_types"]]},
    )


def _first_contact(values: Values, search: Search) -> Statement:
    """Find the first contact of an account; notes are none."""
    return Statement(
        f"""
        SELECT t.account_id, 'first contact' AS cause, t.created_at AS at,
            format('First contact, on %%s.',
                {day_words(day_of("t.occurred_at"))}) AS text
        FROM crm_touchpoint t
        WHERE t.voided_at IS NULL AND t.channel <> 'note'
            AND t.created_at >= %(since)s AND t.created_at >= %(started_at)s
            AND (%(is_trial)s
                OR t.occurred_at >= t.created_at - interval '{NEWS_DAYS} days')
            {search.only("t.account_id")}
            AND NOT EXISTS (
                SELECT FROM crm_touchpoint e WHERE e.account_id = t.account_id
                    AND e.voided_at IS NULL AND e.channel <> 'note'
                    AND (e.occurred_at, e.id) < (t.occurred_at, t.id))
        """,
        {},
    )


_from = Param(
    "from_class", "From", Kind.CHOICE, options.classes_before, is_optional=True
)
_to = Param("to_class", "To", Kind.CHOICE, options.worth_classes, is_optional=True)
_case_kind = Param(
    "case_kind", "Kind", Kind.CHOICE, options.case_kinds, is_optional=True
)
_event_types = Param("event_types", "Types of event", Kind.CHOICES, options.event_types)

_FACTS = (
    Trigger(
        "class_changed",
        "The class changes",
        "Found within a minute of the night that moved the account.",
        (
            Param(
                "direction",
                "Direction",
                Kind.CHOICE,
                options.directions,
                is_optional=True,
            ),
            _from,
            _to,
        ),
        _say_class_changed,
        find=_class_changed,
    ),
    Trigger(
        "order_placed",
        "An order comes",
        f"Orders entered more than {NEWS_DAYS} days late are history and do not count.",
        (
            Param(
                "which",
                "Which orders",
                Kind.CHOICE,
                options.which_orders,
                is_optional=True,
            ),
            Param(
                "over",
                "Over at least",
                Kind.AMOUNT,
                most=999_999_999,
                is_optional=True,
                help="empty: any amount",
            ),
        ),
        _say_order_placed,
        find=_order_placed,
    ),
    Trigger(
        "case_opened",
        "A case is opened",
        "A case whose customer is known only later counts when it is known.",
        (_case_kind,),
        _say_case("opened"),
        find=_case_opened,
    ),
    Trigger(
        "case_closed",
        "A case is settled",
        "When it is resolved; again when it was opened again and is resolved again.",
        (_case_kind,),
        _say_case("settled"),
        find=_case_closed,
    ),
    Trigger(
        "event_recorded",
        "An event is recorded",
        "When somebody writes it down, whenever it happened.",
        (_event_types,),
        lambda values: f"{_event_types.said(values['event_types'])} is recorded",
        find=_event_recorded,
    ),
    Trigger(
        "first_contact",
        "First contact",
        "The first call, mail, visit or other contact with an account.",
        (),
        lambda _values: "an account is contacted for the first time",
        find=_first_contact,
    ),
)
TRIGGERS: Mapping[str, Trigger] = {one.key: one for one in (*_FACTS, *STATES)}
