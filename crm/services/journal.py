"""The journal: suppose, gather evidence, conclude, and look again."""

import datetime as dt

from django.db import transaction

from common.clock import business_today
from common.versions import save_changes
from crm import policy
from crm.choices import HypothesisStatus
from crm.errors import CannotSaveHypothesisError
from crm.models import Account, Hypothesis, HypothesisEvidence, User
from crm.services import audit

LONGEST = 500


def create_hypothesis(
    *,
    actor: User,
    account: Account,
    statement: str,
    review_on: dt.date | None = None,
) -> Hypothesis:
    """Write down what somebody supposes; it is checked after REVIEW_AFTER by default.

    Raises
    ------
    CannotSaveHypothesisError
        If nothing is said, or the day of the review is past.
    """
    if account.merged_into_id:
        raise CannotSaveHypothesisError(
            "This account was merged into another. Add it there.", field="account"
        )
    day = review_on or business_today() + policy.REVIEW_AFTER
    _check_day(day)
    with transaction.atomic():
        made = Hypothesis.objects.create(
            account=account,
            author=actor,
            statement=_said(statement, "statement", "Say what you suppose."),
            review_on=day,
        )
        made.refresh_from_db()
        audit.record(actor=actor, action="hypothesis.created", subject=made)
    return made


def add_evidence(
    *,
    actor: User,
    hypothesis: Hypothesis,
    is_for: bool,
    text: str,
    noted_on: dt.date | None = None,
) -> HypothesisEvidence:
    """Note what speaks for or against an open hypothesis.

    Raises
    ------
    CannotSaveHypothesisError
        If it is concluded, nothing is said, or the day lies ahead.
    """
    _check_open(hypothesis)
    day = noted_on or business_today()
    if not text.strip():
        raise CannotSaveHypothesisError("Say what was seen.", field="text")
    if day > business_today():
        raise CannotSaveHypothesisError(
            "This day lies ahead. Enter the day on which it was seen.", field="noted_on"
        )
    with transaction.atomic():
        made = HypothesisEvidence.objects.create(
            hypothesis=hypothesis,
            account=hypothesis.account,
            is_for=is_for,
            text=text.strip(),
            noted_on=day,
            recorded_by=actor,
        )
        audit.record(
            actor=actor, action="hypothesis.evidence_added", subject=hypothesis
        )
    return made


def conclude(
    *,
    actor: User,
    hypothesis: Hypothesis,
    status: str,
    conclusion: str = "",
    expected_version: int | None = None,
) -> Hypothesis:
    """Call an open hypothesis confirmed or refuted.

    Raises
    ------
    CannotSaveHypothesisError
        If it is concluded already, or the status is neither.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    _check_open(hypothesis)
    if status not in {HypothesisStatus.CONFIRMED, HypothesisStatus.REFUTED}:
        raise CannotSaveHypothesisError(
            "Say whether it is confirmed or refuted.", field="status"
        )
    with transaction.atomic():
        save_changes(
            hypothesis,
            expected_version=expected_version,
            status=status,
            concluded_on=business_today(),
            conclusion=conclusion.strip()[:LONGEST],
        )
        audit.record(actor=actor, action=f"hypothesis.{status}", subject=hypothesis)
    return hypothesis


def review_again(
    *,
    actor: User,
    hypothesis: Hypothesis,
    review_on: dt.date,
    expected_version: int | None = None,
) -> Hypothesis:
    """Keep a hypothesis open, or open it again, until another day.

    Raises
    ------
    CannotSaveHypothesisError
        If the day is past or years ahead.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    _check_day(review_on)
    with transaction.atomic():
        save_changes(
            hypothesis,
            expected_version=expected_version,
            status=HypothesisStatus.OPEN,
            concluded_on=None,
            review_on=review_on,
        )
        audit.record(actor=actor, action="hypothesis.postponed", subject=hypothesis)
    return hypothesis


def _said(text: str, field: str, otherwise: str) -> str:
    text = text.strip()
    if not text:
        raise CannotSaveHypothesisError(otherwise, field=field)
    if len(text) > LONGEST:
        raise CannotSaveHypothesisError(
            f"Keep it under {LONGEST} characters.", field=field
        )
    return text


def _check_open(hypothesis: Hypothesis) -> None:
    if hypothesis.status != HypothesisStatus.OPEN:
        raise CannotSaveHypothesisError(
            f"This was {hypothesis.get_status_display().lower()} before. "
            "Open it again first."
        )


def _check_day(review_on: dt.date) -> None:
    today = business_today()
    if review_on < today:
        raise CannotSaveHypothesisError(
            "This day is past. Choose today or later.", field="review_on"
        )
    if review_on > today + policy.FURTHEST_TASK_AHEAD:
        raise CannotSaveHypothesisError(
            "This day is more than five years ahead.", field="review_on"
        )
