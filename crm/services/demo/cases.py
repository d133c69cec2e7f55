"""Cases of the demo firm: what customers wanted settled, some of it late."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from crm.choices import (
    CaseEntryKind,
    CaseKind,
    CaseStatus,
    CaseUrgency,
    Channel,
    CostKind,
    Stage,
)
from crm.models import Account, Case, CaseEntry, Contact, LedgerEntry, OrderLine
from crm.services.touchpoints import move_last_contact

SEED = 9_001  # beside the firm's own, so that all else stays as it is
CUSTOMERS = 150
OPEN_SHARE, WAITING_SHARE, SETTLED_SHARE = 0.16, 0.06, 0.42
LONGEST_OPEN_HOURS, YEAR_HOURS = 90, 300 * 24
CHANNELS = (Channel.PHONE, Channel.EMAIL, Channel.SOCIAL, Channel.CHAT, Channel.WEB)
URGENCY_ODDS = (0.15, 0.5, 0.25, 0.1)
SOURCE = "case"


@dataclass(frozen=True, slots=True)
class Story:
    """What may go wrong, and how it was put right."""

    title: str
    kind: CaseKind
    what: str
    answer: str
    resolution: str


STORIES = (
    Story(
        "Delivery incomplete",
        CaseKind.COMPLAINT,
        "Two boxes of the order are missing.",
        "I am sorry. I ask the warehouse today and call you back.",
        "The boxes stood in the warehouse; sent by express, freight refunded.",
    ),
    Story(
        "Chair squeaks after two weeks",
        CaseKind.FAULT,
        "Three of the new chairs squeak when one leans back.",
        "Please tighten the two screws under the seat; the film shows where.",
        "Gas spring replaced on all three chairs, on guarantee.",
    ),
    Story(
        "Invoice shows the old address",
        CaseKind.REQUEST,
        "We moved in spring. Please send a corrected invoice.",
        "Gladly. Which address shall stand on it?",
        "Corrected invoice sent, address changed in the account.",
    ),
    Story(
        "Toner leaks",
        CaseKind.FAULT,
        "The cartridge leaks, all prints have a grey stripe.",
        "Please do not use it any more; a new one leaves today.",
        "New cartridge sent, batch reported to the maker.",
    ),
    Story(
        "Which paper fits the new printer?",
        CaseKind.QUESTION,
        "We print brochures on both sides and want no show-through.",
        "Take 120 g; I add five sheets to your next order to try.",
        "120 g recommended, sample sent, they will order it.",
    ),
    Story(
        "Wrong colour delivered",
        CaseKind.RETURN,
        "We ordered grey desks and got white ones.",
        "We fetch them and bring the right ones; does Thursday suit you?",
        "White desks fetched, grey ones delivered, discount of 5 % given.",
    ),
    Story(
        "Nobody calls back",
        CaseKind.COMPLAINT,
        "I asked for an offer three times and hear nothing.",
        "You are right to be angry. You have the offer this afternoon.",
        "Offer sent the same day; the rep calls every other week now.",
    ),
)


def store_cases(seed: int, as_of: dt.date) -> None:
    """Store the cases of the first owned customers; the same input gives the same."""
    rng = np.random.default_rng([seed, SEED])
    midnight = dt.datetime.combine(as_of, dt.time(), tzinfo=dt.UTC)
    accounts = list(
        Account.objects.exclude(owner=None)
        .filter(stage=Stage.CUSTOMER)
        .select_related("owner", "territory")
        .order_by("pk")[:CUSTOMERS]
    )
    people = _first_people(accounts)
    for account in accounts:
        drawn = float(rng.random())
        story = STORIES[int(rng.integers(0, len(STORIES)))]
        case = _case(rng, account, story, midnight, people.get(account.pk))
        if drawn < OPEN_SHARE:
            _store(case, story, rng, is_answered=rng.random() < 0.4)  # noqa: PLR2004
        elif drawn < OPEN_SHARE + WAITING_SHARE:
            _store_waiting(case, story, rng)
        elif drawn < OPEN_SHARE + WAITING_SHARE + SETTLED_SHARE:
            _store_settled(case, story, rng, midnight)


def _first_people(accounts: Sequence[Account]) -> dict[int, Contact]:
    rows = Contact.objects.filter(account__in=accounts, left_on=None).order_by("-pk")
    return {person.account_id: person for person in rows}


def _case(
    rng: np.random.Generator,
    account: Account,
    story: Story,
    midnight: dt.datetime,
    person: Contact | None,
) -> Case:
    hours = float(rng.uniform(0.2, LONGEST_OPEN_HOURS))
    urgency = rng.choice(np.array(CaseUrgency.values), p=URGENCY_ODDS)
    channel = CHANNELS[int(rng.integers(0, len(CHANNELS)))]
    return Case(
        account=account,
        contact=person,
        title=story.title,
        description=story.what,
        kind=story.kind,
        urgency=str(urgency),
        channel=channel,
        owner=account.owner,
        territory=account.territory,
        opened_at=midnight - dt.timedelta(hours=hours),
        created_by=account.owner,
    )


def _store(
    case: Case, story: Story, rng: np.random.Generator, *, is_answered: bool
) -> None:
    answered_after = dt.timedelta(minutes=int(rng.integers(10, 400)))
    if is_answered:
        case.first_answered_at = case.opened_at + answered_after
        case.answered_after_seconds = int(answered_after.total_seconds())
    case.save(force_insert=True)
    _entry(case, CaseEntryKind.OPENED, case.opened_at, story.what)
    if case.first_answered_at is not None:
        minutes = int(rng.integers(3, 20))
        at = case.first_answered_at
        _entry(case, CaseEntryKind.ANSWER, at, story.answer, minutes=minutes)


def _store_waiting(case: Case, story: Story, rng: np.random.Generator) -> None:
    case.status = CaseStatus.WAITING
    case.waiting_since = case.opened_at + dt.timedelta(hours=2)
    _store(case, story, rng, is_answered=True)
    _entry(case, CaseEntryKind.WAITING, case.waiting_since, "")


def _store_settled(
    case: Case, story: Story, rng: np.random.Generator, midnight: dt.datetime
) -> None:
    case.opened_at -= dt.timedelta(hours=int(rng.integers(120, YEAR_HOURS)))
    case.resolved_at = case.opened_at + dt.timedelta(hours=int(rng.integers(8, 90)))
    case.status = CaseStatus.RESOLVED
    case.resolution = story.resolution
    line = OrderLine.objects.filter(account=case.account, product__isnull=False).first()
    case.product = line.product if line else None
    if case.resolved_at < midnight - dt.timedelta(days=14):
        case.status = CaseStatus.CLOSED
        case.closed_at = case.resolved_at + dt.timedelta(days=14)
    _store(case, story, rng, is_answered=True)
    minutes = int(rng.integers(5, 45))
    at = case.resolved_at
    _entry(case, CaseEntryKind.RESOLVED, at, story.resolution, minutes=minutes)
    if case.closed_at is not None:
        text = "Nobody came back to it."
        _entry(case, CaseEntryKind.CLOSED, case.closed_at, text)


def _entry(
    case: Case, kind: CaseEntryKind, at: dt.datetime, text: str, *, minutes: int = 0
) -> None:
    """Keep one thing that was done, and what its minutes cost."""
    author, cost = case.owner, None
    if minutes and author is not None:
        cost = LedgerEntry.objects.create(
            account=case.account,
            kind=CostKind.SERVICE,
            amount=(author.hourly_cost * minutes / 60).quantize(Decimal("0.01")),
            incurred_on=at.date(),
            document=case.number,
            note=f"{minutes} min on {case.number}",
            source=SOURCE,
        )
    CaseEntry.objects.create(
        case=case,
        kind=kind,
        text=text,
        minutes=minutes or None,
        cost=cost,
        author=author if kind != CaseEntryKind.CLOSED else None,
        made_at=at,
        channel=case.channel if kind == CaseEntryKind.ANSWER else "",
    )
    if kind == CaseEntryKind.ANSWER and case.account_id is not None:
        move_last_contact(case.account_id, at)
