"""What plans ask for within a span of days: one row for each account, touch and slot.

Rows of a temporary table that live as long as the transaction; `planning` strikes out
what may not be, moves what does not fit, and stores the rest.
"""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Min

from campaigns.choices import (
    DIRECT_CHANNELS,
    Cadence,
    ExceptionKind,
    OwnerRole,
    TouchStatus,
    VersionStatus,
)
from campaigns.engine.cadence import ANCHORED, Slot, anchors_of, slots_of
from campaigns.models import PlanVersion, TouchTemplate
from campaigns.queries.open_days import OpenDays
from campaigns.services.stand_ins import STAND_INS, stand_ins
from crm.choices import Stage
from segments.choices import WorthClass

TABLE = "pg_temp.campaigns_candidate"
# What falls on a closed day moves by so much at most.
_AROUND = dt.timedelta(days=31)
_ONE_DAY = dt.timedelta(days=1)
_NO_YEAR = 9999
_CUSTOMER, _FIRST_CONTACT, _EVENT = "customer", "first contact", "event"


@dataclass(frozen=True, slots=True)
class Span:
    """From which day on, for how many days, and for which accounts touches are planned.

    `accounts` is None for all, `worth_class` None for the plans of every class.
    """

    as_of: dt.date
    days: int
    accounts: Sequence[int] | None = None
    worth_class: WorthClass | None = None

    @property
    def ends_on(self) -> dt.date:
        """Return the first day after it."""
        return self.as_of + dt.timedelta(days=self.days)

    def day(self, number: int) -> dt.date:
        """Return the day of a number, from 0 for the first."""
        return self.as_of + _ONE_DAY * number

    def of_accounts(self, column: str) -> str:
        """Return the words of SQL that keep its accounts."""
        if self.accounts is None:
            return ""
        return f"AND {column} = ANY(%(accounts)s::bigint[])"

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of,
            "horizon": self.days,
            "accounts": None if self.accounts is None else list(self.accounts),
        }


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One touch in one slot, for whoever follows its plan.

    Where the slot hangs on a day of the account, `source` says which day, `key` is what
    it must be, and `year` the year before which it must lie.
    """

    template: TouchTemplate
    plan_id: int
    runs_days: int | None
    slot: Slot
    starts_on: dt.date
    valid_from: dt.date
    source: str = ""
    key: str = ""
    year: int = _NO_YEAR

    @property
    def seed(self) -> int:
        """Return what, with the account, decides the day within the slot."""
        mixed = uuid.uuid5(self.template.lineage, str(self.slot.number))
        return int.from_bytes(mixed.bytes[:8], signed=True)

    @property
    def open_until(self) -> dt.date:
        """Return the first day on which it is too late."""
        return self.slot.period_ends_on if self.source else self.slot.ends_on


def collect(span: Span, calendar: OpenDays) -> int:
    """Fill the table of candidates; return how many there are.

    An account gets each touch once per slot: what is planned, done or left out already,
    or what a contact by hand counted for, is no candidate. The day follows from account
    and touch alone; who began the plan within a slot has the rest of it.
    """
    wanted = list(_wanted(span))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
        if not wanted:
            return 0
        parameters = _parameters(wanted, span) | _calendar(span, calendar)
        parameters |= stand_ins(span.accounts)
        some = {"accounts_f": span.of_accounts("f.account_id")}
        cursor.execute(_COLLECT.format(**some), parameters)
        found = int(cursor.rowcount)
        if found:
            # A rough look is enough to plan by, and takes a tenth of the time.
            cursor.execute("SET LOCAL default_statistics_target = 10")
            cursor.execute(f"ANALYZE {TABLE}")
            cursor.execute("SET LOCAL default_statistics_target TO DEFAULT")
        else:
            cursor.execute(f"DROP TABLE {TABLE}")
    return found


def _wanted(span: Span) -> Iterator[_Wanted]:
    """Yield the slots that overlap the span, for all published plans."""
    versions = PlanVersion.objects.published().select_related("plan")
    if span.worth_class is not None:
        versions = versions.filter(plan__worth_class=span.worth_class)
    for version in versions.prefetch_related("touches"):
        yield from _wanted_by(version, span)


def _wanted_by(version: PlanVersion, span: Span) -> Iterator[_Wanted]:
    valid_from = version.valid_from or span.as_of
    since = _lineages_since(version)
    for template in version.touches.all():
        begins = since.get(template.lineage) or valid_from
        for source, key, slot in _slots(template, span):
            starts_on = max(slot.starts_on, begins)
            wanted = _Wanted(
                template=template,
                plan_id=version.plan_id,
                runs_days=version.runs_days,
                slot=slot,
                starts_on=starts_on,
                valid_from=valid_from,
                source=source,
                key=key,
                year=int(slot.period[:4]) if _is_anniversary(template) else _NO_YEAR,
            )
            if starts_on < wanted.open_until:
                yield wanted


def _slots(template: TouchTemplate, span: Span) -> Iterator[tuple[str, str, Slot]]:
    last = span.ends_on - _ONE_DAY
    if template.cadence not in ANCHORED:
        for slot in slots_of(template, span.as_of, last):
            yield "", "", slot
        return
    for key, slot in anchors_of(template, span.as_of, last):
        yield _source(template), key, slot


def _source(template: TouchTemplate) -> str:
    """Name the account's day that an anchored touch follows."""
    if not _is_anniversary(template):
        return _FIRST_CONTACT
    if template.event_type_id is None:
        return _CUSTOMER
    return f"{_EVENT} {template.event_type_id}"


def _is_anniversary(template: TouchTemplate) -> bool:
    return template.cadence == Cadence.ANNIVERSARY


def _lineages_since(version: PlanVersion) -> dict[uuid.UUID, dt.date]:
    """Return since when the plan asks for each touch, whichever version said so first.

    So a new version that keeps a touch keeps its days.
    """
    spoken = TouchTemplate.objects.filter(version__plan_id=version.plan_id).exclude(
        version__status=VersionStatus.DRAFT
    )
    rows = spoken.values_list("lineage").annotate(since=Min("version__valid_from"))
    return {lineage: since for lineage, since in rows.order_by() if since}


def _parameters(wanted: list[_Wanted], span: Span) -> dict[str, Any]:
    """Return the slots as arrays, one per column."""
    sources = {w.source for w in wanted}
    first_contacts = [w.key for w in wanted if w.source == _FIRST_CONTACT]
    return span.parameters | {
        "plan": [w.plan_id for w in wanted],
        "template": [w.template.pk for w in wanted],
        "lineage": [w.template.lineage for w in wanted],
        "period": [w.slot.period for w in wanted],
        "owner_role": [w.template.owner_role for w in wanted],
        "channel": [w.template.channel for w in wanted],
        "topic": [w.template.topic.strip() for w in wanted],
        "minutes": [w.template.minutes for w in wanted],
        "starts_on": [w.starts_on for w in wanted],
        "slot_ends_on": [w.slot.ends_on for w in wanted],
        "open_until": [w.open_until for w in wanted],
        "period_ends_on": [w.slot.period_ends_on for w in wanted],
        "valid_from": [w.valid_from for w in wanted],
        "runs_days": [w.runs_days for w in wanted],
        "seed": [w.seed for w in wanted],
        "source": [w.source for w in wanted],
        "key": [w.key for w in wanted],
        "year": [w.year for w in wanted],
        "event_types": sorted(int(s.split()[1]) for s in sources if _EVENT in s),
        "wants_customers": _CUSTOMER in sources,
        "first_contact_from": min(first_contacts, default=None),
        "former": Stage.FORMER,
        "cancelled": TouchStatus.CANCELLED,
        "rep": OwnerRole.REP,
        "counted": ExceptionKind.COUNTED,
        "no_day": ExceptionKind.NO_DAY,
        "direct": sorted(DIRECT_CHANNELS),
        "zone": settings.TIME_ZONE,
    }


def _calendar(span: Span, calendar: OpenDays) -> dict[str, Any]:
    """Return, for each day, the nearest open ones after and before it."""
    count = span.days + _AROUND.days
    days = [span.as_of + _ONE_DAY * n for n in range(count)]
    return {
        "day": days,
        "next_open": [calendar.next_open(day) for day in days],
        "previous_open": [calendar.previous_open(day) for day in days],
    }


# The day of an account that a slot hangs on: of an event, of becoming a customer, of
# the first contact, which is not later than the day on which we wrote it down.
_ANCHORS = """
    SELECT account_id, 'event ' || type_id AS source,
        to_char(occurred_on, 'MM-DD') AS key,
        min(extract(year FROM occurred_on)) AS year
    FROM crm_lifeevent
    WHERE voided_at IS NULL AND type_id = ANY(%(event_types)s::bigint[])
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT id, 'customer', to_char(acquired_on, 'MM-DD'),
        extract(year FROM acquired_on)
    FROM crm_account WHERE %(wants_customers)s AND acquired_on IS NOT NULL
    UNION ALL
    SELECT known.id, 'first contact', LEAST(known.day, (
            SELECT min((occurred_at AT TIME ZONE %(zone)s)::date)
            FROM crm_touchpoint t
            WHERE t.account_id = known.id AND t.voided_at IS NULL))::text, 0
    FROM (
        SELECT id, LEAST((created_at AT TIME ZONE %(zone)s)::date, acquired_on) AS day
        FROM crm_account
    ) known
    WHERE known.day >= %(first_contact_from)s::date
"""
# The steps of a day: where the account's part of the slot begins and ends; the day that
# account and touch decide; a day in the coming weeks if that one was missed; off closed
# days, forwards within the period, else backwards, else there is none.
_COLLECT = f"""
CREATE TEMPORARY TABLE campaigns_candidate ON COMMIT DROP AS
WITH slot AS MATERIALIZED (
    SELECT * FROM unnest(
        %(plan)s::bigint[], %(template)s::bigint[], %(lineage)s::uuid[],
        %(period)s::text[], %(owner_role)s::text[], %(channel)s::text[],
        %(topic)s::text[], %(minutes)s::int[], %(starts_on)s::date[],
        %(slot_ends_on)s::date[], %(open_until)s::date[], %(period_ends_on)s::date[],
        %(valid_from)s::date[], %(runs_days)s::int[], %(seed)s::bigint[],
        %(source)s::text[], %(key)s::text[], %(year)s::int[]
    ) AS s(plan_id, template_id, lineage, period, owner_role, channel, topic, minutes,
           starts_on, slot_ends_on, open_until, period_ends_on, valid_from, runs_days,
           seed, source, key, year)
), anchor AS (
    {_ANCHORS}
), open_day AS (
    SELECT * FROM unnest(
        %(day)s::date[], %(next_open)s::date[], %(previous_open)s::date[]
    ) AS d(day, next_open, previous_open)
), asked AS (
    SELECT f.account_id, f.since, s.* FROM slot s
    JOIN campaigns_planassignment f ON f.plan_id = s.plan_id AND f.until IS NULL
        {{accounts_f}}
    WHERE s.source = ''
    UNION ALL
    SELECT f.account_id, f.since, s.* FROM slot s
    JOIN anchor n ON n.source = s.source AND n.key = s.key AND n.year < s.year
    JOIN campaigns_planassignment f ON f.account_id = n.account_id
        AND f.plan_id = s.plan_id AND f.until IS NULL {{accounts_f}}
)
SELECT row_number() OVER () AS id, s.account_id, s.template_id, s.lineage, s.period,
    s.owner_role, s.channel, s.topic, s.minutes,
    s.channel = ANY(%(direct)s) AS is_direct,
    coalesce(final.day, open.day) AS due_on, bound.earliest, bound.latest,
    CASE WHEN s.owner_role = %(rep)s THEN
        CASE WHEN stand_in.owner_id IS NULL THEN a.owner_id ELSE stand_in.person_id END
    END AS person_id,
    CASE WHEN s.owner_role = %(rep)s THEN stand_in.person_id END AS assigned_to_id,
    CASE WHEN s.owner_role = %(rep)s
        THEN coalesce(stand_in.reason, '') ELSE '' END AS reason,
    CASE WHEN final.day IS NULL THEN %(no_day)s END AS kind,
    NULL::bigint AS touchpoint_id
FROM asked s
JOIN crm_account a ON a.id = s.account_id
    AND a.merged_into_id IS NULL AND a.stage <> %(former)s
{STAND_INS}
CROSS JOIN LATERAL (
    SELECT GREATEST(s.starts_on, s.since) AS from_day,
        LEAST(s.open_until, s.since + s.runs_days) AS latest,
        hashint8extended(s.account_id, s.seed) AS hash
) part
CROSS JOIN LATERAL (
    SELECT part.from_day + abs(part.hash %% GREATEST(
        LEAST(s.slot_ends_on, part.latest) - part.from_day, 1))::int AS day
) chosen
CROSS JOIN LATERAL (
    SELECT CASE WHEN chosen.day >= %(as_of)s::date THEN chosen.day
        ELSE %(as_of)s::date
            + abs(part.hash %% LEAST(%(horizon)s, part.latest - %(as_of)s::date))::int
        END AS day
) open
JOIN open_day d ON d.day = open.day
CROSS JOIN LATERAL (
    SELECT GREATEST(part.from_day, s.valid_from, %(as_of)s::date) AS earliest,
        part.latest
) bound
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN d.next_open < LEAST(s.period_ends_on, s.since + s.runs_days)
            THEN d.next_open
        WHEN d.previous_open >= bound.earliest THEN d.previous_open
    END AS day
) final
WHERE part.from_day < part.latest
  AND part.latest > %(as_of)s::date
  AND coalesce(final.day, open.day) < %(as_of)s::date + %(horizon)s
  AND (s.valid_from <= %(as_of)s::date OR chosen.day >= s.valid_from)
  AND NOT EXISTS (
    SELECT FROM campaigns_plannedtouch t
    WHERE t.account_id = s.account_id AND t.lineage = s.lineage
      AND t.period = s.period AND t.status <> %(cancelled)s)
  AND NOT EXISTS (
    SELECT FROM campaigns_touchexception e
    WHERE e.account_id = s.account_id AND e.lineage = s.lineage
      AND e.period = s.period AND e.kind = %(counted)s)
"""
