"""Assessments: what we think of a person's part in decisions, since when and why."""

import datetime as dt
from typing import Any

from django.db import transaction

from common.clock import business_today
from common.errors import StaleRecordError
from common.versions import save_changes
from crm.choices import Attitude, DecisionRole
from crm.errors import CannotSaveContactError
from crm.models import Contact, ContactAssessment, User
from crm.services import audit

JUDGED = ("decision_role", "influence", "attitude")
INFLUENCE = range(1, 6)


def assess_contact(
    *,
    actor: User,
    contact: Contact,
    judged_on: dt.date | None = None,
    source: str = "",
    expected_version: int | None = None,
    **judged: Any,
) -> ContactAssessment:
    """Store a judgement of one person; the one of the newest day is shown with them.

    `judged` holds any of decision_role, influence and attitude; the rest stays.

    Raises
    ------
    CannotSaveContactError
        If a value does not fit, or the day lies ahead.
    StaleRecordError
        If somebody else changed the person since `expected_version`.
    """
    check(judged)
    day = judged_on or business_today()
    if day > business_today():
        raise CannotSaveContactError(
            "This day lies ahead. Enter the day of the judgement.", field="judged_on"
        )
    values = {name: judged.get(name, getattr(contact, name)) for name in JUDGED}
    with transaction.atomic():
        newest = contact.assessments.first()
        if newest is None or newest.judged_on <= day:
            save_changes(contact, expected_version=expected_version, **values)
        elif expected_version not in {None, contact.version}:
            raise StaleRecordError
        made = _store(actor, contact, day, source, values)
        audit.record(actor=actor, action="contact.assessed", subject=contact)
    return made


def note(
    *, actor: User | None, contact: Contact, source: str = ""
) -> ContactAssessment:
    """Store as today's judgement what the person's own row says."""
    values = {name: getattr(contact, name) for name in JUDGED}
    return _store(actor, contact, business_today(), source, values)


def check(values: dict[str, Any]) -> None:
    """Raise CannotSaveContactError for a judgement that does not fit."""
    influence = values.get("influence")
    if influence is not None and influence not in INFLUENCE:
        raise CannotSaveContactError(
            "Influence goes from 1, little, to 5, decisive.", field="influence"
        )
    closed = {"decision_role": DecisionRole.values, "attitude": Attitude.values}
    for name, words in closed.items():
        if values.get(name, "") not in words:
            raise CannotSaveContactError(
                f"There is no {name.replace('_', ' ')} “{values[name]}”.", field=name
            )


def _store(
    actor: User | None,
    contact: Contact,
    day: dt.date,
    source: str,
    values: dict[str, Any],
) -> ContactAssessment:
    return ContactAssessment.objects.create(
        contact=contact,
        judged_on=day,
        source=source.strip(),
        judged_by=actor,
        **values,
    )
