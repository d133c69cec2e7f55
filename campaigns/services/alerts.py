"""What the night tells about accounts: each occasion once, closed when it is over.

Called by the night after planning. Everything is found by statements over the whole
firm; an occasion that was told before is left alone by the database's own rule.
"""

import datetime as dt
from typing import Any

from django.db import connection, transaction

from campaigns import policy
from campaigns.choices import AlertKind
from clv.choices import BreakEven
from clv.models import ValuationRun
from crm import policy as crm_policy
from segments.choices import WorthClass


@transaction.atomic
def tell(*, run: ValuationRun, today: dt.date) -> int:
    """Raise what is new as of `run` and close what is over; return how many are new."""
    parameters = _parameters(run, today)
    with connection.cursor() as cursor:
        for statement in (_CLOSE_OLD, _CLOSE_BOUGHT, _CLOSE_ENDED, _CLOSE_PAST):
            cursor.execute(statement, parameters)
        raised = 0
        if run.as_of < today - dt.timedelta(days=policy.NEWS_DAYS):
            return 0  # a night of the past has no news
        for select in (*_NEWS, *_SLIPPED[: bool(parameters["earlier"])]):
            cursor.execute(f"{_INSERT} {select} ON CONFLICT DO NOTHING", parameters)
            raised += cursor.rowcount
        cursor.execute(_CLOSE_OLDER, parameters)
    return raised


def _parameters(run: ValuationRun, today: dt.date) -> dict[str, Any]:
    month_ago = run.as_of - dt.timedelta(days=policy.SLIPPED_SINCE_DAYS)
    earlier = ValuationRun.objects.as_of(month_ago)
    kinds = {f"kind_{kind.value}": kind.value for kind in AlertKind}
    return kinds | {
        "run": run.pk,
        "as_of": run.as_of,
        "earlier": earlier.pk if earlier and earlier.pk != run.pk else None,
        "earlier_on": earlier.as_of if earlier else None,
        "expected": BreakEven.EXPECTED,
        "today": today,
        "news_since": today - dt.timedelta(days=policy.NEWS_DAYS),
        "old": today - dt.timedelta(days=policy.ALERT_DAYS),
        "slipped": policy.SLIPPED_DAYS,
        "late_after": policy.REPEAT_LATE_AFTER,
        "lost_after": policy.REPEAT_LOST_AFTER,
        "fewest": policy.FEWEST_ORDERS_FOR_RHYTHM,
        "shortest": policy.SHORTEST_RHYTHM_DAYS,
        "holding_until": today + crm_policy.HOLDING_ENDS_SOON,
        "event_until": today + dt.timedelta(days=policy.EVENT_AHEAD_DAYS),
        "anniversary_days": policy.ANNIVERSARY_AHEAD_DAYS,
        "anniversary_years": policy.ANNIVERSARY_YEARS,
        "ranks": [key.value for key in WorthClass],
        "names": [str(key.label) for key in WorthClass],
    }


_INSERT = """
INSERT INTO campaigns_alert
    (account_id, kind, subject, raised_on, reason, closed_because)
"""
_KEPT = "a.merged_into_id IS NULL AND a.stage <> 'former'"

# An alert that somebody settled, to be narrowed.
_SETTLED = """SELECT 1 FROM campaigns_alert t
    JOIN campaigns_settleditem settled
      ON settled.source = 'alert' AND settled.item = t.id::text
    WHERE true"""

_CLASS_MOVED = f"""
SELECT e.account_id,
       CASE WHEN now.rank > was.rank THEN %(kind_class_fell)s
            ELSE %(kind_class_rose)s END,
       e.id::text, %(today)s,
       left(format('From %%s to %%s. %%s', was.name, now.name, e.reason), 400), ''
FROM segments_membership e
JOIN segments_membership h ON h.account_id = e.account_id AND h.until = e.since
JOIN crm_account a ON a.id = e.account_id AND {_KEPT}
JOIN unnest(%(ranks)s::text[], %(names)s::text[]) WITH ORDINALITY
    AS now(key, name, rank) ON now.key = e.worth_class
JOIN unnest(%(ranks)s::text[], %(names)s::text[]) WITH ORDINALITY
    AS was(key, name, rank) ON was.key = h.worth_class
WHERE e.until IS NULL AND e.since >= %(news_since)s AND now.rank <> was.rank
"""

_PAID_BACK = f"""
SELECT s.account_id, %(kind_paid_back)s, s.paid_back_on::text, %(today)s,
       format('Its margin has paid for winning and serving it on %%s.',
              to_char(s.paid_back_on, 'FMDD Mon YYYY')), ''
FROM clv_accountsummary s
JOIN crm_account a ON a.id = s.account_id AND {_KEPT}
WHERE s.paid_back_on BETWEEN %(news_since)s AND %(today)s
  AND NOT EXISTS ({_SETTLED} AND t.account_id = s.account_id
                  AND t.kind = %(kind_paid_back)s AND t.raised_on >= %(old)s)
"""

_REPEAT_LATE = f"""
SELECT v.account_id, %(kind_repeat_late)s, v.last_on::text, %(today)s,
       format('Orders every %%s days, the last one %%s days ago; with %%s %%%% still '
              'a customer.', round(usual.days), %(as_of)s::date - v.last_on,
              round(100 * v.probability_alive)), ''
FROM clv_valuation v
JOIN crm_account a ON a.id = v.account_id AND {_KEPT}
CROSS JOIN LATERAL (
    SELECT (v.last_on - v.first_on)::float / (v.order_days - 1) AS days
) usual
WHERE v.run_id = %(run)s AND v.order_days >= %(fewest)s
  AND v.probability_alive IS NOT NULL AND usual.days >= %(shortest)s
  AND %(as_of)s::date - v.last_on > %(late_after)s * usual.days
  AND %(as_of)s::date - v.last_on <= %(lost_after)s * usual.days
"""

_HOLDING_ENDS = f"""
SELECT h.account_id, %(kind_holding_ends)s, h.id || ':' || h.ends_on, %(today)s,
       left(format('%%s ends on %%s.', p.name, to_char(h.ends_on, 'FMDD Mon YYYY')),
            400), ''
FROM crm_holding h
JOIN crm_product p ON p.id = h.product_id
JOIN crm_account a ON a.id = h.account_id AND {_KEPT}
WHERE h.status = 'active' AND h.ends_on BETWEEN %(today)s AND %(holding_until)s
"""

_EVENT_COMING = f"""
SELECT e.account_id, %(kind_event_coming)s, e.id::text, %(today)s,
       left(format('%%s on %%s. %%s', t.name, to_char(e.occurred_on, 'FMDD Mon YYYY'),
                   e.note), 400), ''
FROM crm_lifeevent e
JOIN crm_eventtype t ON t.id = e.type_id
JOIN crm_account a ON a.id = e.account_id AND {_KEPT}
WHERE e.voided_at IS NULL
  AND e.occurred_on > %(today)s AND e.occurred_on <= %(event_until)s
"""

# The day itself, moved to this year or, around New Year, the next.
_ANNIVERSARY = f"""
SELECT a.id, %(kind_anniversary)s, turns.years::text, %(today)s,
       format('%%s years with us on %%s.', turns.years,
              to_char(turns.day, 'FMDD Mon YYYY')), ''
FROM crm_account a
CROSS JOIN LATERAL (
    SELECT n AS years, (a.acquired_on + make_interval(years => n))::date AS day
    FROM generate_series(
        %(anniversary_years)s::int, 200, %(anniversary_years)s::int) n
    WHERE (a.acquired_on + make_interval(years => n))::date >= %(today)s
    ORDER BY n LIMIT 1
) turns
WHERE {_KEPT} AND a.stage = 'customer' AND a.acquired_on IS NOT NULL
  AND turns.day <= %(today)s::date + %(anniversary_days)s::int
"""

_NEWS = (
    _CLASS_MOVED,
    _PAID_BACK,
    _REPEAT_LATE,
    _HOLDING_ENDS,
    _EVENT_COMING,
    _ANNIVERSARY,
)

_SLIPPED = (
    f"""
SELECT v.account_id, %(kind_payback_slipped)s, to_char(v.break_even_on, 'YYYY-MM'),
       %(today)s,
       format('Break-even is expected on %%s; on %%s it was %%s.',
              to_char(v.break_even_on, 'FMDD Mon YYYY'),
              to_char(%(earlier_on)s::date, 'FMDD Mon YYYY'),
              to_char(w.break_even_on, 'FMDD Mon YYYY')), ''
FROM clv_valuation v
JOIN clv_valuation w ON w.account_id = v.account_id AND w.run_id = %(earlier)s
JOIN crm_account a ON a.id = v.account_id AND {_KEPT}
WHERE v.run_id = %(run)s AND v.break_even = %(expected)s AND w.break_even = %(expected)s
  AND v.break_even_on > w.break_even_on + %(slipped)s::int
  -- Who settled it knows of that month; only a further slip is news.
  AND NOT EXISTS ({_SETTLED} AND t.account_id = v.account_id
                  AND t.kind = %(kind_payback_slipped)s
                  AND v.break_even_on <= to_date(t.subject, 'YYYY-MM')
                      + interval '1 month' + make_interval(days => %(slipped)s))
""",
)

_CLOSE = """
UPDATE campaigns_alert t SET closed_on = %(today)s, closed_because = '{because}'
{condition}
"""
_CLOSE_OLD = _CLOSE.format(
    because="Nobody took it up in time.",
    condition="WHERE t.closed_on IS NULL AND t.raised_on < %(old)s",
)
_CLOSE_BOUGHT = _CLOSE.format(
    because="Ordered again.",
    condition="""
    FROM clv_valuation v
    WHERE t.closed_on IS NULL AND t.kind = %(kind_repeat_late)s
      AND v.run_id = %(run)s AND v.account_id = t.account_id
      AND v.last_on::text > t.subject
    """,
)
_CLOSE_ENDED = _CLOSE.format(
    because="Ended, renewed or replaced.",
    condition="""
    WHERE t.closed_on IS NULL AND t.kind = %(kind_holding_ends)s
      AND NOT EXISTS (
        SELECT 1 FROM crm_holding h
        WHERE h.account_id = t.account_id AND h.status = 'active'
          AND h.ends_on >= %(today)s AND h.id || ':' || h.ends_on = t.subject
      )
    """,
)
_CLOSE_PAST = _CLOSE.format(
    because="It is over, was moved, or was removed.",
    condition="""
    WHERE t.closed_on IS NULL AND t.kind = %(kind_event_coming)s
      AND NOT EXISTS (
        SELECT 1 FROM crm_lifeevent e
        WHERE e.id::text = t.subject AND e.account_id = t.account_id
          AND e.voided_at IS NULL
          AND e.occurred_on BETWEEN %(today)s AND %(event_until)s
      )
    """,
)
# Things and events have causes of their own each; of all else the newest is told. Up
# and down are one cause: what counts is where the account stands now.
_CAUSE = (
    "CASE WHEN {0} IN (%(kind_class_fell)s, %(kind_class_rose)s)"
    " THEN 'class' ELSE {0} END"
)
_CLOSE_OLDER = _CLOSE.format(
    because="A newer one says more.",
    condition=f"""
    FROM campaigns_alert n
    WHERE t.closed_on IS NULL AND n.closed_on IS NULL
      AND n.account_id = t.account_id AND n.id > t.id
      AND {_CAUSE.format("n.kind")} = {_CAUSE.format("t.kind")}
      AND t.kind NOT IN (%(kind_holding_ends)s, %(kind_event_coming)s)
    """,
)
