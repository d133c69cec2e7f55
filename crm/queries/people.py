"""The people at one account: part in decisions, wishes, and who spoke with whom."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Max, Prefetch, Q
from django.utils import timezone

from common.clock import business_today
from crm import policy
from crm.choices import Channel, DecisionRole
from crm.models import Account, Consent, Contact

FREQUENCY_DAYS = 365


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person last said about one channel."""

    channel: str
    topic: str
    is_granted: bool


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person, when somebody last spoke with them, and how often in a year."""

    contact: Contact
    last_contact_on: dt.date | None
    contact_count: int
    wishes: list[Wish]
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class People:
    """The decision unit: rows by influence, those who left last, and gaps in words."""

    present: list[PersonRow]
    gone: list[PersonRow]
    gaps: list[str]


def people(account: Account) -> People:
    """Return everybody at `account` in two queries."""
    rows = [_row(contact) for contact in _contacts(account)]
    today = business_today()
    gone = [r for r in rows if r.contact.left_on and r.contact.left_on <= today]
    present = [r for r in rows if r not in gone]
    return People(present=present, gone=gone, gaps=_gaps(present))


def _contacts(account: Account) -> list[Contact]:
    reached = (
        Q(touchpoints__voided_at=None)
        & ~Q(touchpoints__channel__in=policy.CHANNELS_WITHOUT_CONTACT)
        & ~Q(touchpoints__outcome__in=policy.OUTCOMES_WITHOUT_CONTACT)
    )
    since = timezone.now() - dt.timedelta(days=FREQUENCY_DAYS)
    rows = (
        Contact.objects.filter(account=account)
        .annotate(
            reached_at=Max("touchpoints__occurred_at", filter=reached),
            reached_count=Count(
                "touchpoints", filter=reached & Q(touchpoints__occurred_at__gte=since)
            ),
        )
        .prefetch_related(
            Prefetch("consents", Consent.objects.order_by("-recorded_at", "-pk"))
        )
        .order_by("-influence", "name", "pk")
    )
    return sorted(rows, key=lambda c: (-(c.influence or 0), c.name, c.pk))


def _row(contact: Contact) -> PersonRow:
    reached_at = contact.reached_at  # type: ignore[attr-defined]
    day = timezone.localtime(reached_at).date() if reached_at else None
    return PersonRow(
        contact=contact,
        last_contact_on=day,
        contact_count=contact.reached_count,  # type: ignore[attr-defined]
        wishes=_wishes(contact),
        is_overdue=_is_overdue(contact, day),
    )


def _wishes(contact: Contact) -> list[Wish]:
    newest: dict[tuple[str, str], Wish] = {}
    for consent in contact.consents.all():
        newest.setdefault(
            (consent.channel, consent.topic),
            Wish(
                str(Channel(consent.channel).label), consent.topic, consent.is_granted
            ),
        )
    return list(newest.values())


def _is_overdue(contact: Contact, day: dt.date | None) -> bool:
    if contact.decision_role not in policy.ROLES_TO_SPEAK_WITH:
        return False
    return day is None or business_today() - day > policy.SILENCE_TOLERATED


def _gaps(present: list[PersonRow]) -> list[str]:
    """Say which deciding role nobody holds, or nobody spoke with for too long."""
    days = policy.SILENCE_TOLERATED.days
    gaps = []
    for role in policy.ROLES_TO_SPEAK_WITH:
        holders = [r for r in present if r.contact.decision_role == role]
        label = str(DecisionRole(role).label).lower()
        if holders and all(row.is_overdue for row in holders):
            names = " or ".join(row.contact.name for row in holders)
            gaps.append(f"Nobody spoke to the {label} for {days} days: {names}.")
    buyers = {r.contact.decision_role for r in present}
    if present and not buyers & set(policy.ROLES_TO_SPEAK_WITH):
        gaps.append("Nobody here is known to decide or to hold the budget.")
    return gaps
