"""The people at one account: part in decisions, wishes, and who spoke with whom."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Max, Prefetch, Q, QuerySet
from django.utils import timezone

from common.clock import business_today
from crm import policy
from crm.choices import Attitude, Channel, DecisionRole
from crm.models import Account, Consent, Contact, ContactAssessment
from crm.queries.consent import Refusal, current_wishes, may_contact

QUARTER_DAYS = 91
QUARTERS = 4
# Rows of the map, by influence; its columns go from against us to for us.
BANDS: tuple[tuple[str, frozenset[int | None]], ...] = (
    ("Decisive (4–5)", frozenset({4, 5})),
    ("Some (3)", frozenset({3})),
    ("Little (1–2)", frozenset({1, 2})),
    ("Not known", frozenset({None})),
)
COLUMNS = (Attitude.CRITIC, Attitude.NEUTRAL, Attitude.SUPPORTER, Attitude.UNKNOWN)
STRONG = 4  # influence from which a critic is a danger
# Of a person's contacts: those in which somebody spoke with them, or wrote.
REACHED = (
    Q(touchpoints__voided_at=None)
    & ~Q(touchpoints__channel__in=policy.CHANNELS_WITHOUT_CONTACT)
    & ~Q(touchpoints__outcome__in=policy.OUTCOMES_WITHOUT_CONTACT)
)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person, when somebody last spoke with them, and how often by quarter.

    `quarters` counts contacts of the last four times 91 days, oldest first.
    """

    contact: Contact
    last_contact_on: dt.date | None
    quarters: tuple[int, ...]
    judged: ContactAssessment | None
    wishes: list[Consent]
    no_phone: Refusal | None
    no_email: Refusal | None
    is_overdue: bool
    has_left: bool

    @property
    def per_quarter(self) -> float:
        return sum(self.quarters) / QUARTERS


@dataclass(frozen=True, slots=True)
class MapRow:
    """One band of influence: the people of each attitude, in the map's order."""

    label: str
    cells: list[list[PersonRow]]


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One part in decisions: who has it, and how often somebody spoke with them."""

    label: str
    names: str
    last_contact_on: dt.date | None
    quarters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class People:
    """The decision unit: rows by influence, those who left last, and gaps in words."""

    present: list[PersonRow]
    gone: list[PersonRow]
    gaps: list[str]
    columns: list[str]
    bands: list[MapRow]
    roles: list[RoleRow]


def people(account: Account) -> People:
    """Return everybody at `account` in three queries."""
    rows = person_rows(Contact.objects.filter(account=account))
    gone = [row for row in rows if row.has_left]
    present = [row for row in rows if not row.has_left]
    return People(
        present=present,
        gone=gone,
        gaps=_gaps(present),
        columns=[str(one.label) for one in COLUMNS],
        bands=_bands(present),
        roles=_roles(present),
    )


def person_rows(contacts: QuerySet[Contact]) -> list[PersonRow]:
    """Return rows of some people, the most influential first."""
    counts = {
        f"quarter_{n}": Count("touchpoints", filter=REACHED & _within(n))
        for n in range(QUARTERS)
    }
    wishes = Consent.objects.order_by("-recorded_at", "-pk")
    judged = ContactAssessment.objects.order_by("-judged_on", "-pk")
    rows = (
        contacts.annotate(
            reached_at=Max("touchpoints__occurred_at", filter=REACHED), **counts
        )
        .select_related("successor", "moved_from__account")
        .prefetch_related(Prefetch("consents", wishes), Prefetch("assessments", judged))
    )
    ordered = sorted(rows, key=lambda c: (-(c.influence or 0), c.name, c.pk))
    return [_row(contact) for contact in ordered]


def silenced(account: Account) -> list[Contact]:
    """Return who of an account asked not to be contacted and still works there."""
    rows = Contact.objects.filter(account=account, do_not_contact=True)
    today = business_today()
    return [contact for contact in rows if not contact.has_left(today)]


def _within(quarter: int) -> Q:
    """Keep contacts of one of the last four quarters, 0 being the oldest."""
    now = timezone.now()
    begin = now - dt.timedelta(days=QUARTER_DAYS * (QUARTERS - quarter))
    end = now - dt.timedelta(days=QUARTER_DAYS * (QUARTERS - quarter - 1))
    return Q(touchpoints__occurred_at__gt=begin, touchpoints__occurred_at__lte=end)


def _row(contact: Contact) -> PersonRow:
    reached_at = contact.reached_at  # type: ignore[attr-defined]
    day = timezone.localtime(reached_at).date() if reached_at else None
    return PersonRow(
        contact=contact,
        last_contact_on=day,
        quarters=tuple(getattr(contact, f"quarter_{n}") for n in range(QUARTERS)),
        judged=next(iter(contact.assessments.all()), None),
        wishes=current_wishes(contact),
        no_phone=may_contact(contact, Channel.PHONE),
        no_email=may_contact(contact, Channel.EMAIL),
        is_overdue=_is_overdue(contact, day),
        has_left=contact.has_left(business_today()),
    )


def _is_overdue(contact: Contact, day: dt.date | None) -> bool:
    if contact.decision_role not in policy.ROLES_TO_SPEAK_WITH:
        return False
    return day is None or business_today() - day > policy.SILENCE_TOLERATED


def _bands(present: list[PersonRow]) -> list[MapRow]:
    """Place people by influence and attitude; the last band only when it is needed."""
    bands = [
        MapRow(
            label,
            [
                [
                    row
                    for row in present
                    if row.contact.attitude == attitude
                    and row.contact.influence in levels
                ]
                for attitude in COLUMNS
            ],
        )
        for label, levels in BANDS
    ]
    return bands if any(bands[-1].cells) else bands[:-1]


def _roles(present: list[PersonRow]) -> list[RoleRow]:
    found = []
    for role in DecisionRole:
        rows = [row for row in present if row.contact.decision_role == role]
        if not rows:
            continue
        quarters = zip(*(row.quarters for row in rows), strict=True)
        found.append(
            RoleRow(
                label=str(role.label),
                names=", ".join(row.contact.name for row in rows),
                last_contact_on=_newest(row.last_contact_on for row in rows),
                quarters=tuple(sum(one) for one in quarters),
            )
        )
    return found


def _newest(days: Iterable[dt.date | None]) -> dt.date | None:
    return max((day for day in days if day), default=None)


def _gaps(present: list[PersonRow]) -> list[str]:
    """Say what is missing in the decision unit, and who is against us."""
    days = policy.SILENCE_TOLERATED.days
    gaps = []
    for role in policy.ROLES_TO_SPEAK_WITH:
        holders = [r for r in present if r.contact.decision_role == role]
        label = str(DecisionRole(role).label).lower()
        if holders and all(row.is_overdue for row in holders):
            names = " or ".join(row.contact.name for row in holders)
            gaps.append(f"Nobody spoke to the {label} for {days} days: {names}.")
    known = {r.contact.decision_role for r in present}
    if present and not known & set(policy.ROLES_TO_SPEAK_WITH):
        gaps.append("Nobody here is known to decide or to hold the budget.")
    elif present and DecisionRole.DECIDER not in known:
        gaps.append("No decider is known here.")
    elif present and DecisionRole.ECONOMIC_BUYER not in known:
        gaps.append("Who holds the budget is not known.")
    gaps += [
        f"{row.contact} has much influence and is against us."
        for row in present
        if row.contact.attitude == Attitude.CRITIC
        and (row.contact.influence or 0) >= STRONG
    ]
    if len(present) == 1:
        gaps.append(f"{present[0].contact} is the only person known here.")
    return gaps
