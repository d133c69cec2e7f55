"""What reps of the demo firm learned about their first accounts: goals, suppositions.

Few accounts, because such notes are written by hand; the same seed gives the same ones.
"""

import datetime as dt
from decimal import Decimal

import numpy as np

from common.clock import day_ends_at
from crm.choices import Attitude, GoalStatus, HypothesisStatus, Stage
from crm.models import (
    Account,
    ClientGoal,
    Contact,
    ContactAssessment,
    GoalEvidence,
    Hypothesis,
    HypothesisEvidence,
)

KNOWN_ACCOUNTS = 120
WRITTEN_DAYS_AGO = 310
STREAM = 4711  # keeps these draws apart from those of the blocks
GOALS = (
    ("Half the paper within a year", "Prints {n} % less than a year ago"),
    ("One supplier instead of five", "Closed the account with a rival"),
    ("A workplace that keeps people", "Nobody left since the new chairs"),
    ("Invoices without paper", "First quarter by mail only"),
    ("Open the second site on time", "Furniture stood two days early"),
)
HYPOTHESES = (
    "They buy toner elsewhere because we deliver too late",
    "The new head of purchasing compares every price",
    "They would take a framework contract if we offered one",
    "They grow and need desks in spring",
    "The office manager decides, not the owner",
)
PROOFS = ("Said so on the phone.", "Saw it at the visit.", "The orders show it.")
STATUSES = (
    GoalStatus.ON_TRACK,
    GoalStatus.OPEN,
    GoalStatus.AT_RISK,
    GoalStatus.REACHED,
)
SOURCES = ("visit", "phone call", "what a colleague of theirs said", "trade fair")


def store_rapport(seed: int, as_of: dt.date) -> None:
    """Store goals, journals and judgements of people for the first accounts."""
    rng = np.random.default_rng([seed, STREAM])
    rows = Account.objects.filter(owner__isnull=False, stage=Stage.CUSTOMER)
    accounts = list(rows.order_by("pk")[:KNOWN_ACCOUNTS])
    _store_goals(rng, accounts[::2], as_of)
    _store_journal(rng, accounts[::3], as_of)
    _store_judgements(rng, accounts, as_of)


def _store_goals(
    rng: np.random.Generator, accounts: list[Account], as_of: dt.date
) -> None:
    goals, evidence = [], []
    for account in accounts:
        title, seen = GOALS[int(rng.integers(len(GOALS)))]
        owner = account.owner
        assert owner is not None  # noqa: S101  they were asked for
        goal = ClientGoal(
            account=account,
            title=title,
            owner=owner,
            status=STATUSES[int(rng.integers(len(STATUSES)))],
            target_on=as_of + dt.timedelta(days=int(rng.integers(30, 300))),
            review_on=as_of + dt.timedelta(days=int(rng.integers(-10, 80))),
            created_by=owner,
        )
        goals.append(goal)
        if rng.random() < 0.7:  # noqa: PLR2004  share with evidence
            is_valued = rng.random() < 0.6  # noqa: PLR2004  share that was valued
            evidence.append(
                GoalEvidence(
                    goal=goal,
                    account=account,
                    noted_on=as_of - dt.timedelta(days=int(rng.integers(5, 200))),
                    text=seen.format(n=int(rng.integers(8, 40))),
                    amount=Decimal(int(rng.integers(2, 60)) * 100)
                    if is_valued
                    else None,
                    recorded_by=owner,
                )
            )
    ClientGoal.objects.bulk_create(goals)
    GoalEvidence.objects.bulk_create(evidence)


def _store_journal(
    rng: np.random.Generator, accounts: list[Account], as_of: dt.date
) -> None:
    rows, evidence = [], []
    written_at = day_ends_at(as_of - dt.timedelta(days=WRITTEN_DAYS_AGO))
    for account in accounts:
        author = account.owner
        assert author is not None  # noqa: S101  they were asked for
        outcome = rng.random()
        status = HypothesisStatus.OPEN
        if outcome > 0.5:  # noqa: PLR2004  share that is concluded
            is_right = outcome > 0.7  # noqa: PLR2004  three of five were right
            status = (
                HypothesisStatus.CONFIRMED if is_right else HypothesisStatus.REFUTED
            )
        is_open = status == HypothesisStatus.OPEN
        row = Hypothesis(
            account=account,
            author=author,
            statement=HYPOTHESES[int(rng.integers(len(HYPOTHESES)))],
            status=status,
            review_on=as_of + dt.timedelta(days=int(rng.integers(-15, 70))),
            created_at=written_at,
            concluded_on=None
            if is_open
            else as_of - dt.timedelta(days=int(rng.integers(1, 120))),
        )
        rows.append(row)
        evidence.append(
            HypothesisEvidence(
                hypothesis=row,
                account=account,
                is_for=status != HypothesisStatus.REFUTED,
                noted_on=as_of - dt.timedelta(days=int(rng.integers(120, 300))),
                text=PROOFS[int(rng.integers(len(PROOFS)))],
                recorded_by=author,
            )
        )
    Hypothesis.objects.bulk_create(rows)
    HypothesisEvidence.objects.bulk_create(evidence)


def _store_judgements(
    rng: np.random.Generator, accounts: list[Account], as_of: dt.date
) -> None:
    people = Contact.objects.filter(account__in=accounts).order_by("pk")
    owners = {account.pk: account.owner for account in accounts}
    rows = []
    for person in people.exclude(attitude=Attitude.UNKNOWN):
        judged_on = as_of - dt.timedelta(days=int(rng.integers(3, 400)))
        rows.append(
            ContactAssessment(
                contact=person,
                decision_role=person.decision_role,
                influence=person.influence,
                attitude=person.attitude,
                judged_on=judged_on,
                source=SOURCES[int(rng.integers(len(SOURCES)))],
                judged_by=owners[person.account_id],
            )
        )
    ContactAssessment.objects.bulk_create(rows)
