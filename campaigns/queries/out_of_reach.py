"""Whom touches would not reach, and why: counted for a draft before it starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from campaigns.choices import DIRECT_CHANNELS, Unreached
from campaigns.models import Campaign
from common.clock import business_today
from common.lists.sets import account_set_url
from common.templatetags.display import count
from crm import policy as crm_policy
from crm.choices import Channel, Direction, Stage

# Accounts out of reach by a channel and topic, of those in `{asked}`. The newest wish
# of a channel and topic counts; a yes to a topic outlives an older no to the channel.
SILENT = """
    SELECT asked.account_id, asked.channel, asked.topic,
        bool_and(p.do_not_contact) AS is_nobody
    FROM ({asked}) asked
    JOIN crm_contact p ON p.account_id = asked.account_id
        AND (p.left_on IS NULL OR p.left_on > %(as_of)s::date)
    LEFT JOIN LATERAL (
        SELECT w.is_granted, w.said_on, w.recorded_at FROM (
            SELECT *, coalesce(obtained_on,
                (recorded_at AT TIME ZONE %(zone)s)::date) AS said_on FROM crm_consent
        ) w
        WHERE w.contact_id = p.id AND w.channel = asked.channel AND w.topic = ''
        ORDER BY w.said_on DESC, w.recorded_at DESC, w.id DESC LIMIT 1
    ) general ON TRUE
    LEFT JOIN LATERAL (
        SELECT w.is_granted, w.said_on, w.recorded_at FROM (
            SELECT *, coalesce(obtained_on,
                (recorded_at AT TIME ZONE %(zone)s)::date) AS said_on FROM crm_consent
        ) w
        WHERE asked.topic <> '' AND w.contact_id = p.id AND w.channel = asked.channel
            AND lower(w.topic) = lower(asked.topic)
        ORDER BY w.said_on DESC, w.recorded_at DESC, w.id DESC LIMIT 1
    ) special ON TRUE
    GROUP BY asked.account_id, asked.channel, asked.topic
    HAVING NOT bool_or(
        NOT p.do_not_contact
        AND special.is_granted IS NOT FALSE
        AND (general.is_granted IS NOT FALSE OR coalesce(
            (special.said_on, special.recorded_at)
                > (general.said_on, general.recorded_at), FALSE))
        AND NOT (asked.topic <> '' AND asked.channel = ANY(%(opt_in)s)
            AND general.is_granted IS NULL AND special.is_granted IS NULL)
    )
"""


@dataclass(frozen=True, slots=True)
class Missed:
    """How many accounts at least one touch would not reach, for one reason."""

    why: Unreached
    accounts: int
    url: str


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """Whom the touches of a draft miss; `unheard` of them may be reached by none."""

    missed: Sequence[Missed]
    unheard: int

    @property
    def sentence(self) -> str:
        """Say what becomes of them."""
        others = sum(one.accounts for one in self.missed) - self.unheard
        if not self.unheard:
            return "They miss touches, unless that changes by the day."
        if not others:
            return "None of the touches may reach them: they will be left out."
        return (
            f"None of the touches may reach {count(self.unheard)} of them, who will be"
            f" left out; the other {count(others)} miss touches, unless that changes by"
            " the day."
        )


def out_of_reach(campaign: Campaign) -> OutOfReach:
    """Return whom its touches would not reach as things stand, by the first reason.

    The start leaves out whom no touch may reach. Who has no address, or has heard from
    us as often as they wish, stays in: both may have changed by the day of the touch.
    """
    touches = _touches(campaign)
    if not touches:
        return OutOfReach((), 0)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, _parameters(campaign, touches))
        rows = dict(cursor.fetchall())
    return OutOfReach(
        missed=[
            Missed(why, rows[why.value], missed_url(campaign, why))
            for why in Unreached
            if rows.get(why.value)
        ],
        unheard=0 if _some_reach_all(campaign) else rows[_UNHEARD],
    )


def missed_ids(campaign: Campaign, why: Unreached) -> Sequence[int]:
    """Return the accounts behind one of the figures."""
    touches = _touches(campaign)
    if not touches:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, _parameters(campaign, touches) | {"why": why})
        return [key for (key,) in cursor.fetchall()]


def missed_url(campaign: Campaign, why: Unreached) -> str:
    return account_set_url("out-of-reach", of_campaign=campaign.pk, why=why.value)


def _touches(campaign: Campaign) -> list[tuple[str, str]]:
    """Return channel and topic of the touches that somebody may refuse, each once."""
    rows = campaign.touches.filter(channel__in=DIRECT_CHANNELS).order_by()
    found = rows.values_list("channel", "topic")
    return sorted({(channel, topic.strip()) for channel, topic in found})


def _some_reach_all(campaign: Campaign) -> bool:
    return campaign.touches.exclude(channel__in=DIRECT_CHANNELS).exists()


def _parameters(
    campaign: Campaign, touches: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    return {
        "campaign": campaign.pk,
        "takes_former": campaign.takes_former,
        "former": Stage.FORMER,
        "channel": [channel for channel, _ in touches],
        "topic": [topic for _, topic in touches],
        "touches": len(touches),
        "email": Channel.EMAIL,
        "as_of": business_today(),
        "cap_days": crm_policy.CAP_WINDOW.days,
        "out": Direction.OUT,
        "opt_in": sorted(crm_policy.OPT_IN_CHANNELS),
        "refusable": sorted(crm_policy.REFUSABLE_CHANNELS),
        "unanswered": sorted(crm_policy.OUTCOMES_WITHOUT_CONTACT),
        "do_not_contact": Unreached.DO_NOT_CONTACT,
        "no_consent": Unreached.NO_CONSENT,
        "no_address": Unreached.NO_ADDRESS,
        "capped": Unreached.CAPPED,
        "unheard": _UNHEARD,
        "zone": settings.TIME_ZONE,
    }


_UNHEARD = "unheard"
_ASKED = """
    SELECT e.account_id, t.channel, t.topic
    FROM campaigns_enrolment e
    JOIN crm_account a ON a.id = e.account_id AND a.merged_into_id IS NULL
        AND (%(takes_former)s OR a.stage <> %(former)s)
    CROSS JOIN unnest(%(channel)s::text[], %(topic)s::text[]) AS t(channel, topic)
    WHERE e.campaign_id = %(campaign)s AND e.left_out = ''
"""
# Of each account the first reason counts; the order of the reasons is that of `rank`.
_LOST = f"""
WITH asked AS MATERIALIZED ({_ASKED}), silent AS MATERIALIZED (
    {SILENT.format(asked="SELECT * FROM asked")}
), there AS (
    SELECT p.account_id, bool_or(p.email <> '') AS has_address,
        sum(p.contact_cap) FILTER (WHERE NOT p.do_not_contact) AS cap,
        bool_and(p.contact_cap IS NOT NULL) FILTER (WHERE NOT p.do_not_contact)
            AS is_capped
    FROM crm_contact p
    WHERE (p.left_on IS NULL OR p.left_on > %(as_of)s::date)
        AND p.account_id IN (SELECT account_id FROM asked)
    GROUP BY p.account_id
), heard AS (
    SELECT there.account_id FROM there
    JOIN crm_touchpoint h ON h.account_id = there.account_id
        AND h.voided_at IS NULL AND h.direction = %(out)s
        AND h.channel = ANY(%(refusable)s) AND h.outcome <> ALL(%(unanswered)s)
        AND h.occurred_at
            > (%(as_of)s::date - %(cap_days)s)::timestamp AT TIME ZONE %(zone)s
    WHERE there.is_capped
    GROUP BY there.account_id, there.cap HAVING count(*) >= there.cap
), lost AS (
    SELECT DISTINCT ON (account_id) account_id, why FROM (
        SELECT account_id, 1 AS rank,
            CASE WHEN is_nobody THEN %(do_not_contact)s ELSE %(no_consent)s END AS why
        FROM silent
        UNION ALL
        SELECT account_id, 2, %(no_address)s FROM asked
        LEFT JOIN there USING (account_id)
        WHERE channel = %(email)s AND there.has_address IS NOT TRUE
        UNION ALL
        SELECT account_id, 3, %(capped)s FROM heard
    ) reasons ORDER BY account_id, rank, why
)
"""
_COUNTS = (
    _LOST
    + """
SELECT why, count(*) FROM lost GROUP BY why
UNION ALL
SELECT %(unheard)s, count(*) FROM (
    SELECT FROM silent GROUP BY account_id HAVING count(*) = %(touches)s
) none_of_them
"""
)
_NAMES = _LOST + "SELECT account_id FROM lost WHERE why = %(why)s"
