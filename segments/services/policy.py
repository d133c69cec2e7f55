"""The class rule: its first version from the firm's own figures, then by people."""

import datetime as dt
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection, transaction

from clv.models import ValuationRun
from common.clock import business_today
from common.errors import StaleRecordError
from common.money import to_cents
from common.templatetags.display import cents, count, day, exact_share
from common.versions import save_changes
from crm.models import User
from crm.services import audit
from segments.errors import (
    CannotPublishPolicyError,
    PolicyOutdatedError,
    SameRuleError,
)
from segments.models import ClassPolicy, PolicyDraft
from segments.policy import FEWEST_CUSTOMERS, FIRST_PERCENTILE, LEAST_THRESHOLD
from segments.services import reclassing

LARGEST = Decimal("999999999999.99")
LONGEST_REASON = 300
_ADVISORY_LOCK = 5_310_132
MONEY = ("realised_threshold", "expected_threshold", "loss_limit")
EVEN, SUREST = Decimal("0.5"), Decimal("0.9")

Numbers = Mapping[str, Any]


def faults(numbers: Numbers) -> dict[str, str]:
    """Return what is wrong with each of `numbers`, nothing where all are possible."""
    found = {name: fault(numbers[name]) for name, fault in FAULTS if name in numbers}
    found = {name: text for name, text in found.items() if text}
    if not found and (text := _contradiction(numbers)):
        found["band"] = text
    return found


def _threshold_fault(value: Decimal | None) -> str:
    if value is None:
        return "Say how much."
    return "" if 0 < to_cents(value) <= LARGEST else "A threshold is an amount above 0."


def _confidence_fault(value: Decimal | None) -> str:
    is_possible = value is not None and EVEN <= value <= SUREST
    return "" if is_possible else "From 50 %, the value itself, to 90 %."


def _cost_fault(value: Decimal | None) -> str:
    if value is None or 0 < value < 1:
        return ""
    if value <= 0:
        return "Above 0 %; leave it empty for no limit."
    return (
        "At 100 % of the margin or more the limit excludes nobody whose profit reaches"
        " its threshold. Leave it empty for no limit."
    )


def _loss_fault(value: Decimal | None) -> str:
    if value is None or not -LARGEST <= value <= 0:
        return "A loss: 0, or an amount below 0."
    return ""


def _band_fault(value: Decimal | None) -> str:
    is_possible = value is not None and 0 <= value < 1
    return "" if is_possible else "The band is a share from 0 to below 1."


FAULTS = (
    ("realised_threshold", _threshold_fault),
    ("expected_threshold", _threshold_fault),
    ("least_confidence", _confidence_fault),
    ("cost_limit", _cost_fault),
    ("loss_limit", _loss_fault),
    ("band", _band_fault),
)


def _contradiction(numbers: Numbers) -> str:
    """Say so if the band keeps in *never profitable* who has all to be key."""
    try:
        rule = ClassPolicy(**numbers)
        kept, enough = rule.loss_kept_below, rule.expected_threshold
    except TypeError:
        return ""  # a number is missing, and its own field says so
    if kept < enough:
        return ""
    return (
        f"With this band accounts stay never profitable up to a CLV of {cents(kept)},"
        f" although {cents(enough)} make a key customer. Take a smaller band."
    )


@transaction.atomic
def save_draft(
    *,
    actor: User,
    numbers: Numbers,
    based_on: int,
    expected_version: int | None = None,
) -> PolicyDraft:
    """Keep the rule that `actor` is about to publish.

    Raises
    ------
    CannotPublishPolicyError
        If a number is not possible.
    SameRuleError
        If all are as they are now.
    PolicyOutdatedError
        If the rule that counts is not version `based_on` any more.
    StaleRecordError
        If the draft was changed since `expected_version` was read.
    """
    current, complete = _checked(numbers, based_on)
    if current is None:
        raise PolicyOutdatedError
    draft = PolicyDraft.objects.filter(author=actor).first()
    if draft is None:
        return PolicyDraft.objects.create(author=actor, based_on=current, **complete)
    return save_changes(
        draft, expected_version=expected_version, based_on=current, **complete
    )


@transaction.atomic
def discard_draft(*, actor: User) -> None:
    PolicyDraft.objects.filter(author=actor).delete()


@transaction.atomic
def publish_draft(
    *,
    actor: User,
    reason: str,
    expected_version: int,
    valid_from: dt.date | None = None,
    at_once: bool = False,
) -> ClassPolicy:
    """Publish what `actor` has drafted; see `publish_policy`.

    Raises
    ------
    StaleRecordError
        If the draft is gone, or was changed since `expected_version` was read.
    """
    draft = PolicyDraft.objects.select_for_update().filter(author=actor).first()
    if draft is None or draft.version != expected_version:
        raise StaleRecordError
    return publish_policy(
        actor=actor,
        based_on=draft.based_on_id,
        reason=reason,
        valid_from=valid_from,
        at_once=at_once,
        **draft.numbers,
    )


@transaction.atomic
def publish_policy(
    *,
    actor: User,
    reason: str,
    based_on: int | None = None,
    valid_from: dt.date | None = None,
    at_once: bool = False,
    **numbers: Any,
) -> ClassPolicy:
    """Store a new version of the class rule; numbers that are left out stay.

    It counts from the next run on, or from runs of the day `valid_from` on. With
    `at_once` the values of today are classed by it as soon as a worker is free. The
    draft of `actor` is thrown away.

    Raises
    ------
    CannotPublishPolicyError
        If a number is not possible, the day has gone by, or no reason is given.
    SameRuleError
        If all numbers are as they are now.
    PolicyOutdatedError
        If somebody published since version `based_on` was read.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
    current, complete = _checked(numbers, based_on)
    if not reason.strip():
        raise CannotPublishPolicyError("Say why, for those who ask.", field="reason")
    _check_day(valid_from, at_once=at_once)
    made = ClassPolicy.objects.create(
        **complete,
        valid_from=valid_from,
        reason=reason.strip()[:LONGEST_REASON],
        author=actor,
    )
    discard_draft(actor=actor)
    was = current.numbers if current else {}
    audit.record(
        actor=actor,
        action="class_policy.published",
        subject=made,
        reason=made.reason,
        valid_from=valid_from.isoformat() if valid_from else None,
        changed={
            name: [None if name not in was else str(was[name]), str(value)]
            for name, value in complete.items()
            if name not in was or value != was[name]
        },
    )
    if at_once:
        reclassing.request_classing(actor=actor)
    return made


def complete_rule(numbers: Numbers, *, based_on: int) -> ClassPolicy:
    """Return the rule that `numbers` would make, unpublished.

    Raises
    ------
    CannotPublishPolicyError, SameRuleError, PolicyOutdatedError
        As `publish_policy`.
    """
    _, complete = _checked(numbers, based_on)
    return ClassPolicy(**complete)


def _check_day(valid_from: dt.date | None, *, at_once: bool) -> None:
    if valid_from is None:
        return
    if valid_from < business_today():
        raise CannotPublishPolicyError(
            "That day has gone by; its classes stand.", field="valid_from"
        )
    if at_once and valid_from > business_today():
        raise CannotPublishPolicyError(
            "Either now or from that day on: leave the day empty, or wait for it.",
            field="valid_from",
        )


def _checked(
    numbers: Numbers, based_on: int | None
) -> tuple[ClassPolicy | None, dict[str, Any]]:
    """Return the rule that counts and the complete next one, if that can follow it."""
    newest = ClassPolicy.objects.select_related("author").order_by("-pk").first()
    if based_on is not None and (newest is None or newest.pk != based_on):
        raise PolicyOutdatedError(_who_was_faster(newest))
    complete = _completed(newest, numbers)
    for name, text in faults(complete).items():
        raise CannotPublishPolicyError(text, field=name)
    if newest is not None and complete == dict(newest.numbers):
        raise SameRuleError
    return newest, complete


def _completed(newest: ClassPolicy | None, numbers: Numbers) -> dict[str, Any]:
    start = newest or ClassPolicy(
        realised_threshold=LEAST_THRESHOLD, expected_threshold=LEAST_THRESHOLD
    )
    complete = {**start.numbers, **numbers}
    return {
        name: to_cents(value) if name in MONEY and value is not None else value
        for name, value in complete.items()
    }


def _who_was_faster(newest: ClassPolicy | None) -> str:
    if newest is None:
        return PolicyOutdatedError.message
    return (
        f"{newest.author or 'Somebody'} published version {newest.pk} on"
        f" {day(newest.created_at)} ({newest.reason}) after you had read the one"
        " before. Nothing of yours was published. What you changed stands on top of"
        " that version now: look at who moves again."
    )


def ensure_policy(run: ValuationRun) -> ClassPolicy:
    """Return the rule that counts; without one, make it from the run's own figures.

    A rule made while there were hardly any customers stands at the least thresholds.
    It is made anew as soon as there are enough, unless a person has spoken meanwhile.
    """
    current = ClassPolicy.objects.current(run.as_of)
    if current is not None and not _is_provisional(current):
        return current
    customers, realised, expected = _percentiles(run)
    if customers < FEWEST_CUSTOMERS:
        return current or ClassPolicy.objects.create(
            realised_threshold=LEAST_THRESHOLD,
            expected_threshold=LEAST_THRESHOLD,
            reason="Too few customers to tell: any profit counts for now.",
        )
    if {realised, expected} == {LEAST_THRESHOLD}:
        return current or ClassPolicy.objects.create(
            realised_threshold=realised,
            expected_threshold=expected,
            reason="Hardly a customer brings a profit: any profit counts for now.",
        )
    return ClassPolicy.objects.create(
        realised_threshold=realised,
        expected_threshold=expected,
        reason=(
            f"First rule, from the figures of {day(run.as_of)}: the best"
            f" {exact_share(Decimal(str(round(1 - FIRST_PERCENTILE, 2))))} of"
            f" {count(customers)} customers reach each threshold."
        ),
    )


def _is_provisional(policy: ClassPolicy) -> bool:
    return (
        policy.author_id is None
        and policy.realised_threshold == LEAST_THRESHOLD
        and policy.expected_threshold == LEAST_THRESHOLD
    )


def _percentiles(run: ValuationRun) -> tuple[int, Decimal, Decimal]:
    """Return how many customers there are and the two thresholds, in whole units."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*),
                percentile_cont(%(share)s) WITHIN GROUP (
                    ORDER BY margin_year - cost_year),
                percentile_cont(%(share)s) WITHIN GROUP (ORDER BY future_value)
            FROM clv_valuation WHERE run_id = %(run)s AND order_days > 0
            """,
            {"run": run.pk, "share": FIRST_PERCENTILE},
        )
        customers, realised, expected = cursor.fetchone()
    return customers, _threshold(realised), _threshold(expected)


def _threshold(value: float | None) -> Decimal:
    whole = Decimal(value or 0).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return max(to_cents(whole), LEAST_THRESHOLD)
