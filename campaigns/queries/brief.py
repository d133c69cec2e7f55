"""What one reads before a call: one page of what is known, and what to speak about."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from campaigns.queries.care import Care, care
from campaigns.queries.cases import unsettled_of
from campaigns.queries.service import Standing
from campaigns.queries.wallet import Wallet, wallet_of
from clv.models import ValuationRun
from clv.queries.expansion import Expansion, expansion_of
from clv.queries.worth import AccountWorth, account_worth
from clv.services.payback import Payback, payback_of
from common.templatetags.display import day, money
from crm.choices import GoalStatus, HypothesisStatus, TaskStatus
from crm.models import (
    Account,
    ClientGoal,
    Deal,
    Hypothesis,
    LifeEvent,
    Task,
    Touchpoint,
)
from crm.queries.headers import Header, header
from crm.queries.holdings import Holdings, on_hand
from crm.queries.merged import member_ids
from crm.queries.people import People, PersonRow, people
from crm.queries.products import Bought, bought
from segments.choices import WorthClass
from segments.models import Membership
from segments.queries.reasons import say_todays_reasons

LAST_CONTACTS = 3
LAST_EVENTS = 3
MOST_PEOPLE = 8
MOST_POINTS = 7
MOST_CASES = 2
MOST_OFFERS = 2
GOALS_OPEN = (GoalStatus.OPEN, GoalStatus.ON_TRACK, GoalStatus.AT_RISK)
EVENT_IS_NEWS = 120  # days within which one still speaks of an event


@dataclass(frozen=True, slots=True)
class Point:
    """Something to speak about, and the fact that it rests on."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything of the page; what is not known is None or empty."""

    header: Header
    membership: Membership | None
    worth: AccountWorth | None
    payback: Payback | None
    wallet: Wallet | None
    care: Care
    contacts: list[Touchpoint]
    people: People
    holdings: Holdings
    bought: list[Bought]
    expansion: Expansion | None
    events: list[LifeEvent]
    tasks: list[Task]
    deals: list[Deal]
    cases: list[Standing]
    goals: list[ClientGoal]
    hypotheses: list[Hypothesis]
    points: list[Point]

    @property
    def class_of(self) -> WorthClass | None:
        return WorthClass(self.membership.worth_class) if self.membership else None

    @property
    def shown_people(self) -> list[PersonRow]:
        return self.people.present[:MOST_PEOPLE]

    @property
    def more_people(self) -> int:
        return max(len(self.people.present) - MOST_PEOPLE, 0)


def brief(account: Account, *, today: dt.date) -> Brief:
    """Put together what to know about `account`; a fixed number of queries."""
    run = ValuationRun.objects.select_related("assumptions").current()
    worth = account_worth(account=account, run=run) if run else None
    contacts = Touchpoint.objects.standing().filter(account__in=member_ids(account))
    events = LifeEvent.objects.filter(account=account).select_related("type", "contact")
    tasks = Task.objects.filter(account=account, status=TaskStatus.OPEN)
    has, who = on_hand(account), people(account)
    buys = bought(account).rows
    offers = _offers(account, worth, run)
    asked, waiting = care(account, today=today), unsettled_of(account)
    shown = list(events[:LAST_EVENTS])
    goals = list(ClientGoal.objects.filter(account=account, status__in=GOALS_OPEN))
    guesses = list(
        Hypothesis.objects.filter(account=account, status=HypothesisStatus.OPEN)
    )
    stands = Membership.objects.open().filter(account=account).first()
    if stands is not None:
        say_todays_reasons(run, [stands])
    return Brief(
        header=header(account),
        membership=stands,
        worth=worth,
        payback=payback_of(value=worth.value, run=worth.run) if worth else None,
        wallet=wallet_of(account, today=today),
        care=asked,
        contacts=list(
            contacts.select_related("contact", "user").order_by("-occurred_at")[
                :LAST_CONTACTS
            ]
        ),
        people=who,
        holdings=has,
        bought=buys,
        expansion=offers,
        events=shown,
        tasks=list(tasks.select_related("owner").order_by("due_on", "pk")),
        deals=list(_open_deals(account)),
        cases=waiting,
        goals=goals,
        hypotheses=guesses,
        points=_first(
            [
                *_of_cases(waiting),
                *_of_care(asked, today),
                *_of_guesses(guesses),
                *_of_holdings(has),
                *_of_purchases(buys),
                *_of_people(who),
                *_of_offers(offers),
                *_of_events(shown, today),
            ]
        ),
    )


def _first(points: Sequence[Point]) -> list[Point]:
    return list(points[:MOST_POINTS])


def _offers(
    account: Account, worth: AccountWorth | None, run: ValuationRun | None
) -> Expansion | None:
    if worth is None or run is None:
        return None
    return expansion_of(account=account, value=worth.value, run=run)


def _open_deals(account: Account) -> QuerySet[Deal]:
    rows = Deal.objects.open().filter(account=account).select_related("stage")
    return rows.with_sums().order_by("close_on", "pk")


# -- What to speak about ---------------------------------------------------------------


def _of_cases(waiting: Sequence[Standing]) -> Iterator[Point]:
    for one in waiting[:MOST_CASES]:
        yield Point(f"Their case: {one.case.title}", f"{one.said}.")


def _of_care(asked: Care, today: dt.date) -> Iterator[Point]:
    for touch in asked.following[:1]:
        when = "was due" if touch.due_on < today else "is due"
        yield Point(
            f"{touch.template.title}: the plan's next touch",
            f"It {when} on {day(touch.due_on)}.",
        )


def _of_guesses(guesses: Sequence[Hypothesis]) -> Iterator[Point]:
    for guess in guesses[:1]:
        yield Point(
            f"Find out: {guess.statement}",
            f"Our guess, to be reviewed by {day(guess.review_on)}.",
        )


def _of_holdings(has: Holdings) -> Iterator[Point]:
    for row in has.now:
        if row.flag:
            yield Point(f"{row.holding.product.name}: {row.flag}", row.why)


def _of_purchases(buys: Sequence[Bought]) -> Iterator[Point]:
    for row in buys:
        if row.repeat is not None and row.repeat.is_late:
            yield Point(
                f"Ask whether they need {row.name} again",
                f"Bought every {row.repeat.days} days until now, so it was expected"
                f" by {day(row.repeat.due_on)}.",
            )


def _of_people(who: People) -> Iterator[Point]:
    for gap in who.gaps:
        yield Point("Speak with the right people", gap)


def _of_offers(offers: Expansion | None) -> Iterator[Point]:
    seen = [offer for offer in offers.offers if offer.rate.owners] if offers else []
    for offer in seen[:MOST_OFFERS]:
        yield Point(
            f"Offer {offer.rate.offered.name}",
            f"{offer.reason[0].upper()}{offer.reason[1:]}:"
            f" {money(offer.amount)} a year to expect.",
        )


def _of_events(events: Sequence[LifeEvent], today: dt.date) -> Iterator[Point]:
    for event in events[:1]:
        if (today - event.occurred_on).days <= EVENT_IS_NEWS:
            yield Point(
                f"{event.type.name}", f"{day(event.occurred_on)}. {event.note}".strip()
            )
