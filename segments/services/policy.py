"""The class rule: its first version from the firm's own figures, then by people."""

from decimal import ROUND_HALF_UP, Decimal

from django.db import connection, transaction

from clv.models import ValuationRun
from common.money import to_cents
from crm.models import User
from crm.services import audit
from segments.errors import CannotPublishPolicyError
from segments.models import ClassPolicy
from segments.policy import FEWEST_CUSTOMERS, FIRST_PERCENTILE, LEAST_THRESHOLD

LARGEST = Decimal("999999999999.99")


@transaction.atomic
def publish_policy(
    *,
    actor: User,
    realised_threshold: Decimal,
    expected_threshold: Decimal,
    band: Decimal = Decimal("0.1000"),
    reason: str,
) -> ClassPolicy:
    """Store a new version of the class rule; it counts from the next run on.

    Raises
    ------
    CannotPublishPolicyError
        If a threshold is not above zero, the band is not from 0 up to (not
        including) 1, or no reason is given.
    """
    realised, expected = to_cents(realised_threshold), to_cents(expected_threshold)
    for field, value in (
        ("realised_threshold", realised),
        ("expected_threshold", expected),
    ):
        if not 0 < value <= LARGEST:
            raise CannotPublishPolicyError(
                "A threshold is an amount above 0.", field=field
            )
    if not 0 <= band < 1:
        raise CannotPublishPolicyError(
            "The band is a share from 0 to below 1.", field="band"
        )
    if not reason.strip():
        raise CannotPublishPolicyError("Say why, for those who ask.", field="reason")
    policy = ClassPolicy.objects.create(
        realised_threshold=realised,
        expected_threshold=expected,
        band=band,
        reason=reason.strip()[:300],
        author=actor,
    )
    audit.record(
        actor=actor,
        action="class_policy.published",
        subject=policy,
        realised=str(realised),
        expected=str(expected),
        band=str(band),
    )
    return policy


def ensure_policy(run: ValuationRun) -> ClassPolicy:
    """Return the rule that counts; without one, make it from the run's own figures.

    A rule made while there were hardly any customers stands at the least thresholds.
    It is made anew as soon as there are enough, unless a person has spoken meanwhile.
    """
    current = ClassPolicy.objects.current()
    if current is not None and not _is_provisional(current):
        return current
    customers, realised, expected = _percentiles(run)
    if customers < FEWEST_CUSTOMERS:
        return current or ClassPolicy.objects.create(
            realised_threshold=LEAST_THRESHOLD,
            expected_threshold=LEAST_THRESHOLD,
            reason="Too few customers to tell: any profit counts for now.",
        )
    share = round(100 * (1 - FIRST_PERCENTILE))
    return ClassPolicy.objects.create(
        realised_threshold=realised,
        expected_threshold=expected,
        reason=(
            f"First rule, from the figures of {run.as_of}: the best {share} % of"
            f" {customers:,} customers reach each threshold."
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
