"""Rules that a pattern makes: when it comes up at an account, its owner is told."""

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from campaigns import policy
from campaigns.choices import AlertKind, Outlook
from campaigns.errors import CannotMakeRuleError
from campaigns.models import AlertRule
from campaigns.queries.happenings import happenings_sql, kind_names, pattern_name
from campaigns.queries.questions.answering import understand
from campaigns.queries.questions.patterns import SEPARATOR, look
from campaigns.queries.questions.registry import BY_KEY
from common.versions import save_changes
from crm.models import User
from crm.services import audit

OUTLOOKS: Mapping[str, Outlook] = {
    "before-loss": Outlook.LOSS,
    "before-purchase": Outlook.PURCHASE,
}


def make_rule(
    *, actor: User, question: str, given: Mapping[str, Any], part: str
) -> AlertRule:
    """Make a rule of one row of the answer to a question, with what was found.

    The answer is worked out anew, so that a rule rests on what the actor could see.

    Raises
    ------
    CannotMakeRuleError
        If the question finds no patterns, the row is not in its answer, or there is
        such a rule already.
    """
    if question not in OUTLOOKS:
        raise CannotMakeRuleError(
            "Only what comes before losses and purchases makes a rule."
        )
    asked = understand(BY_KEY[question], actor, given).asked
    if asked is None:
        raise CannotMakeRuleError("Correct the question first.")
    found = look(asked).finding(part)
    if found is None:
        raise CannotMakeRuleError(
            "This row is not in the answer any more. Ask the question again."
        )
    first, _, then = part.partition(SEPARATOR)
    told = found.comparison
    try:
        with transaction.atomic():
            rule = AlertRule.objects.create(
                name=pattern_name(kind_names(), first, then)[:200],
                outlook=OUTLOOKS[question],
                first=first,
                then=then,
                window_days=asked.values["window"],
                ratio=_finite(told.ratio),
                ratio_low=told.low,
                ratio_high=_finite(told.high),
                seen_count=found.with_end,
                lead_days=round(found.lead[1]) if found.lead else None,
                query=urlencode(asked.query),
                made_by=actor,
            )
            rule.refresh_from_db()
            audit.record(actor=actor, action="alert_rule.made", subject=rule)
    except IntegrityError as error:
        raise CannotMakeRuleError(
            "There is a rule for this already; it may be switched off."
        ) from error
    return rule


def switch_rule(
    *, actor: User, rule: AlertRule, is_on: bool, expected_version: int | None = None
) -> AlertRule:
    """Switch a rule on or off; switching off closes what it has told and nobody did."""
    with transaction.atomic():
        save_changes(rule, expected_version=expected_version, is_on=is_on)
        if not is_on:
            _close(rule)
        action = "alert_rule.switched_on" if is_on else "alert_rule.switched_off"
        audit.record(actor=actor, action=action, subject=rule)
    return rule


def _close(rule: AlertRule) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE campaigns_alert SET closed_on = current_date,
                closed_because = 'The rule was switched off.'
            WHERE closed_on IS NULL AND kind = %(kind)s AND subject LIKE %(subject)s
            """,
            {"kind": AlertKind.PATTERN, "subject": f"{rule.pk}:%"},
        )


def tell_patterns(*, today: dt.date) -> int:
    """Raise alerts for rules that came up lately; return how many are new.

    The cause is the day on which the rule was fulfilled, so that one occasion is told
    once, whatever is retried. Who was lost, or has no owner, is not told of.
    """
    rules = list(AlertRule.objects.running())
    if not rules:
        return 0
    since = today - dt.timedelta(days=policy.NEWS_DAYS)
    longest = max(rule.window_days for rule in rules)
    names = kind_names()
    raised = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for rule in rules:
            cursor.execute(
                _TELL,
                {
                    "kind": AlertKind.PATTERN,
                    "rule": f"{rule.pk}:",
                    "first": rule.first,
                    "then": rule.then,
                    "window": rule.window_days,
                    "since": since,
                    "from": since - dt.timedelta(days=longest),
                    "today": today,
                    "reason": reason_of(rule, names),
                    "zone": settings.TIME_ZONE,
                },
            )
            raised += cursor.rowcount
    return raised


def reason_of(rule: AlertRule, names: Mapping[str, str]) -> str:
    """Say what a rule found: what came before what, how much more often, how soon."""
    end = (
        "before customers were lost"
        if rule.outlook == Outlook.LOSS
        else ("before customers bought")
    )
    often = "often" if rule.ratio is None else f"{rule.ratio:.1f} times as often"
    soon = "" if rule.lead_days is None else f", usually {rule.lead_days} days before"
    name = pattern_name(names, rule.first, rule.then)
    return f"{name}: seen {often} {end} as at others like them{soon}."[:400]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


_TELL = f"""
WITH RECURSIVE family AS (
    SELECT a.id, a.id AS member FROM crm_account a WHERE a.merged_into_id IS NULL
        AND a.stage <> 'former' AND a.owner_id IS NOT NULL
    UNION ALL
    SELECT f.id, a.id FROM crm_account a JOIN family f ON a.merged_into_id = f.member
), happened AS (
    SELECT f.id AS account_id, h.kind, h.day
    FROM ({happenings_sql(days="BETWEEN %(from)s AND %(today)s")}) h
    JOIN family f ON f.member = h.account_id
    WHERE h.kind IN (%(first)s, %(then)s)
)
INSERT INTO campaigns_alert
    (account_id, kind, subject, raised_on, reason, closed_because)
SELECT DISTINCT h.account_id, %(kind)s, %(rule)s || h.day, %(today)s::date, %(reason)s,
    ''
FROM happened h
WHERE h.day >= %(since)s AND h.kind = CASE WHEN %(then)s = '' THEN %(first)s
        ELSE %(then)s END
    AND (%(then)s = '' OR EXISTS (
        SELECT 1 FROM happened b WHERE b.account_id = h.account_id
            AND b.kind = %(first)s AND b.day < h.day
            AND b.day >= h.day - %(window)s::int))
ON CONFLICT DO NOTHING
"""
