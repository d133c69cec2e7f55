"""Gut versus data: what may be named, what was named, and how far it agrees."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet

from clv.models import Valuation, ValuationRun
from common.charts import Chart, Series
from common.lists.sets import AccountSet, Given, account_set_url
from common.templatetags.display import count, counted, number, share
from crm.models import Account, User
from crm.models.accounts import AccountQuerySet
from segments.choices import ProfitEvery
from segments.engine.agreement import Agreement
from segments.models import Nomination, NominationEntry
from segments.policy import FEW_NAMED, MOST_NAMED, NAMED_OF
from segments.queries.gut_later import Later, later_of

FEWEST_FOR_A_LINE = 2  # points


def quarter_of(day: dt.date) -> dt.date:
    """Return the first day of the quarter of a day."""
    return dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def quarter_name(day: dt.date) -> str:
    return ProfitEvery.QUARTER.name_of(day)


def next_quarter(quarter: dt.date) -> dt.date:
    return quarter_of(quarter + dt.timedelta(days=100))


def nominable(user: User, run: ValuationRun | None) -> AccountQuerySet:
    """Return the accounts that `user` owns and the run has valued."""
    rows = Account.objects.active().filter(owner=user)
    if run is None:
        return rows.none()
    values = Valuation.objects.filter(run=run, account_id=OuterRef("pk"))
    return rows.filter(Exists(values))


def places_among(accounts: int) -> int:
    """Return how many are to be named out of so many."""
    return min(MOST_NAMED, accounts // NAMED_OF)


@dataclass(frozen=True, slots=True)
class Desk:
    """What somebody is gathering this quarter; no figure of any account is in it."""

    quarter: dt.date
    nomination: Nomination | None
    among: int
    owned: int
    named: Sequence[Account]

    @property
    def name(self) -> str:
        return quarter_name(self.quarter)

    @property
    def places(self) -> int:
        return places_among(self.among)

    @property
    def left(self) -> int:
        return self.places - len(self.named)

    @property
    def not_valued(self) -> int:
        return self.owned - self.among

    @property
    def is_submitted(self) -> bool:
        return self.nomination is not None and self.nomination.is_submitted

    @property
    def next_from(self) -> dt.date:
        return next_quarter(self.quarter)


def desk_of(user: User, today: dt.date) -> Desk:
    """Return what `user` is gathering, or has submitted, in the quarter of today."""
    quarter = quarter_of(today)
    mine = Nomination.objects.filter(author=user, quarter=quarter).first()
    named: list[Account] = []
    if mine is not None and not mine.is_submitted:
        entries = mine.entries.select_related("account").order_by("pk")
        named = [entry.account for entry in entries]
    return Desk(
        quarter=quarter,
        nomination=mine,
        among=nominable(user, ValuationRun.objects.current()).count(),
        owned=Account.objects.active().filter(owner=user).count(),
        named=named,
    )


# -- What was submitted


@dataclass(frozen=True, slots=True)
class Compared:
    """One submitted nomination beside what its night said."""

    nomination: Nomination
    agreement: Agreement
    later: Sequence[Later]

    @property
    def quarter_name(self) -> str:
        return quarter_name(self.nomination.quarter)

    @property
    def decided(self) -> Later | None:
        """Return the longest look back that is known."""
        return next((one for one in reversed(self.later) if one.is_known), None)

    @property
    def arithmetic(self) -> str:
        found = self.agreement
        blind = (
            "so many or more in both would come by chance in"
            f" {_small_share(found.chance_of_as_many)} of blind choices"
        )
        return (
            f"{count(found.both)} in both ÷ {count(found.size)} named ="
            f" {share(found.share)}. By chance {count(found.size)} ×"
            f" {count(found.size)} ÷ {count(found.among)} = {number(found.expected)}"
            f" in both, {share(found.by_chance)}; {blind}."
        )

    @property
    def by_clv(self) -> str:
        both = self.nomination.both_by_clv or 0
        return (
            f"By whole CLV, past profit included, {count(both)} of"
            f" {count(self.agreement.size)} agree."
        )

    def url(self, part: str) -> str:
        return account_set_url("gut", nomination=self.nomination.pk, part=part)

    @property
    def urls(self) -> Mapping[str, str]:
        return {part: self.url(part) for part, _ in PARTS}


def _small_share(chance: float) -> str:
    least = 0.01
    return f"less than {share(least)}" if chance < least else share(chance)


def compared(nominations: Sequence[Nomination], today: dt.date) -> list[Compared]:
    """Return submitted nominations with who was right, in three questions for all."""
    later = later_of(nominations, today)
    return [
        Compared(
            one,
            Agreement(one.size or 0, one.both or 0, one.among or 0),
            later[one.pk],
        )
        for one in nominations
    ]


@dataclass(frozen=True, slots=True)
class Sides:
    """The accounts of one nomination, told apart by who chose them."""

    both: Sequence[NominationEntry]
    gut: Sequence[NominationEntry]
    data: Sequence[NominationEntry]


def sides_of(nomination: Nomination) -> Sides:
    """Return the accounts in both choices, in the gut's alone and in the data's."""
    rows = list(nomination.entries.select_related("account").order_by("rank", "pk"))
    return Sides(
        both=[row for row in rows if row.is_named and row.is_best],
        gut=[row for row in rows if row.is_named and not row.is_best],
        data=[row for row in rows if not row.is_named],
    )


def agreement_chart(found: Sequence[Compared], who: str) -> Chart | None:
    """Return the agreement by quarter, oldest first; None with fewer than two."""
    by_quarter: dict[dt.date, list[Agreement]] = {}
    for one in reversed(found):
        by_quarter.setdefault(one.nomination.quarter, []).append(one.agreement)
    quarters = sorted(by_quarter)
    if len(quarters) < FEWEST_FOR_A_LINE:
        return None
    rows = [by_quarter[quarter] for quarter in quarters]
    return Chart(
        key="agreement",
        title="Agreement by quarter",
        summary=f"Named and among the best by future value: {who}.",
        labels=[quarter_name(quarter) for quarter in quarters],
        series=[
            Series("Agreement", [_pooled(row, "both") for row in rows]),
            Series(
                "By chance",
                [_pooled(row, "expected") for row in rows],
                "dashed",
                "chart-2",
            ),
        ],
        x_title="Quarter",
        unit=" %",
        write=number,
    )


def _pooled(rows: Sequence[Agreement], name: str) -> float:
    share_of: float = 100 / sum(row.size for row in rows)
    return share_of * sum(float(getattr(row, name)) for row in rows)


def sentence_of(found: Sequence[Compared]) -> str:
    """Say how far gut and data agree, and who was right where that is known."""
    if not found:
        return "Nobody has submitted a list yet."
    size = sum(one.agreement.size for one in found)
    both = sum(one.agreement.both for one in found)
    expected = sum(one.agreement.expected for one in found)
    said = (
        f"Gut and data agree on {count(both)} of {counted(size, 'account')} named,"
        f" {share(both / size)}; blind choices would on {share(expected / size)}."
    )
    if size < FEW_NAMED:
        said += " That is few to judge by."
    return f"{said} {_right(found)}"


def _right(found: Sequence[Compared]) -> str:
    decided = [one.decided for one in found if one.decided is not None]
    if not decided:
        return "Who was right is not yet known."
    gut = sum(one.winner == "gut" for one in decided)
    data = sum(one.winner == "data" for one in decided)
    return (
        f"Of {count(len(decided))} whose time has come, gut was right {_times(gut)},"
        f" data {_times(data)}."
    )


def _times(many: int) -> str:
    return "once" if many == 1 else f"{count(many)} times"


# -- The accounts behind the figures

PARTS = (
    ("named", "named by gut"),
    ("best", "the best by future value"),
    ("both", "in both choices"),
    ("gut", "named by gut alone"),
    ("data", "the data's choice alone"),
)
_CONDITIONS: Mapping[str, Mapping[str, bool]] = {
    "named": {"is_named": True},
    "best": {"is_best": True},
    "both": {"is_named": True, "is_best": True},
    "gut": {"is_named": True, "is_best": False},
    "data": {"is_named": False},
}


def _accounts(user: Any, given: Given) -> QuerySet[Any]:
    seen = Nomination.objects.submitted().visible_to(user)
    rows = NominationEntry.objects.filter(
        nomination__in=seen.filter(pk=given["nomination"]), **_CONDITIONS[given["part"]]
    )
    return rows.order_by().values("account_id")


def _title(given: Given) -> str:
    kept = Nomination.objects.select_related("author").filter(pk=given["nomination"])
    nomination = kept.first()
    words = dict(PARTS)[given["part"]]
    if nomination is None:
        return words
    return f"{words}, {nomination.author} in {quarter_name(nomination.quarter)}"


GUT = AccountSet(
    title=_title,
    accounts=_accounts,
    parameters={
        "nomination": lambda: forms.IntegerField(min_value=1, max_value=2**62),
        "part": lambda: forms.ChoiceField(choices=PARTS),
    },
)
