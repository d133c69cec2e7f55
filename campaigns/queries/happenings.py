"""What happens at accounts, from all that is written down, under one key each.

Used to look for patterns before losses and purchases, and by the night to tell when one
of them comes up. A happening of an account that was merged away counts for the one that
it was merged into.
"""

from collections.abc import Mapping

from crm.choices import Channel
from crm.models import EventType

# Each select yields account_id, kind and day; {days} bounds the column of the day.
_TOUCH_DAY = "timezone(%(zone)s, t.occurred_at)::date"
_CASE_DAY = "timezone(%(zone)s, c.opened_at)::date"
_RATED = "least(t.rating_people, t.rating_information, t.rating_deliverables)"
_SOURCES = (
    (
        """SELECT e.account_id, 'event:' || k.key AS kind, e.occurred_on AS day
        FROM crm_lifeevent e JOIN crm_eventtype k ON k.id = e.type_id
        WHERE e.voided_at IS NULL""",
        "e.account_id",
        "e.occurred_on",
    ),
    (
        f"""SELECT t.account_id, 'contact:' || t.channel, {_TOUCH_DAY}
        FROM crm_touchpoint t WHERE t.voided_at IS NULL AND t.channel <> 'note'""",
        "t.account_id",
        _TOUCH_DAY,
    ),
    (
        f"""SELECT t.account_id, 'contact-bad', {_TOUCH_DAY}
        FROM crm_touchpoint t WHERE t.voided_at IS NULL AND t.outcome = 'bad'""",
        "t.account_id",
        _TOUCH_DAY,
    ),
    (
        f"""SELECT t.account_id, 'rating-low', {_TOUCH_DAY}
        FROM crm_touchpoint t WHERE t.voided_at IS NULL AND {_RATED} <= 2""",
        "t.account_id",
        _TOUCH_DAY,
    ),
    (
        """SELECT r.account_id, 'return', r.returned_on
        FROM crm_orderreturn r WHERE true""",
        "r.account_id",
        "r.returned_on",
    ),
    (
        """SELECT c.account_id, 'rival', c.since
        FROM crm_competitorpresence c WHERE c.since IS NOT NULL""",
        "c.account_id",
        "c.since",
    ),
    (
        """SELECT p.account_id, 'person-left', p.left_on
        FROM crm_contact p WHERE p.left_on IS NOT NULL""",
        "p.account_id",
        "p.left_on",
    ),
    (
        """SELECT d.account_id, 'deal-lost', d.closed_on
        FROM crm_deal d WHERE d.status = 'lost'""",
        "d.account_id",
        "d.closed_on",
    ),
    (
        f"""SELECT c.account_id, 'case', {_CASE_DAY}
        FROM crm_case c WHERE c.account_id IS NOT NULL""",
        "c.account_id",
        _CASE_DAY,
    ),
)
_NAMES: Mapping[str, str] = {
    "contact-bad": "A contact that went badly",
    "rating-low": "A rating of 1 or 2",
    "return": "Goods came back",
    "rival": "A competitor appeared",
    "person-left": "A contact person left",
    "deal-lost": "A deal was lost",
    "case": "A case was opened",
}


def happenings_sql(*, accounts: str = "", days: str = "") -> str:
    """Return SQL for `account_id`, `kind` and `day` of what happened.

    Parameters
    ----------
    accounts, days : str
        Conditions that begin with an operator, such as ``>= %(since)s``, put behind
        the account and the day in every source. Parameter `zone` is the firm's.
    """
    parts = []
    for select, account, day in _SOURCES:
        only = f" AND {account} {accounts}" if accounts else ""
        when = f" AND {day} {days}" if days else ""
        parts.append(f"{select}{only}{when}")
    return " UNION ALL ".join(parts)


def kind_names() -> dict[str, str]:
    """Return what happenings are called, by their keys, in the order to show them."""
    types = EventType.objects.order_by("name").values_list("key", "name")
    events = {f"event:{key}": name for key, name in types}
    channels = {
        f"contact:{one.value}": f"Contact: {one.label.lower()}"
        for one in Channel
        if one is not Channel.NOTE
    }
    return events | channels | dict(_NAMES)


def pattern_name(names: Mapping[str, str], first: str, then: str = "") -> str:
    """Return a happening, or one after another, in words."""
    begun = names.get(first, first)
    if not then:
        return begun
    followed = names.get(then, then)
    return f"{begun}, then {followed[:1].lower()}{followed[1:]}"
