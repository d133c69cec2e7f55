"""The class rule in plain words, its versions, and what sets two of them apart."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Min

from clv.queries.assumptions import Line
from common.templatetags.display import cents, exact_share, money
from segments.choices import WorthClass
from segments.models import ClassPolicy, ClassTotal, RuleNumbers
from segments.queries.rule import EVEN

NO_LIMIT = "no limit"


@dataclass(frozen=True, slots=True)
class ClassSentence:
    """When an account stands in a class, and when a member leaves it."""

    worth_class: WorthClass
    begins: str
    leaves: str


def sentences(rule: RuleNumbers, *, months: int) -> list[ClassSentence]:
    """Return what the rule says of each class; `months` are those looked ahead."""
    realised, expected = money(rule.realised_threshold), money(rule.expected_threshold)
    kept = 1 - rule.band
    cautious = (
        ""
        if rule.least_confidence == EVEN
        else f", which must be {exact_share(rule.least_confidence)} sure"
    )
    expects = f"at least {expected} is expected of it over {months} months{cautious}"
    cost, cost_kept = "", ""
    if rule.cost_limit is not None:
        most = rule.cost_limit * kept_up(rule)
        cost = (
            f", and serving it took at most {exact_share(rule.cost_limit)} of last"
            " year's margin"
        )
        cost_kept = f", or serving takes more than {exact_share(most.quantize(_TENTH))}"
    least = (
        f"last year's profit falls below {cents(rule.realised_threshold * kept)}",
        f"the expected value falls below {cents(rule.expected_threshold * kept)}",
    )
    loss = (
        "the whole relationship, past and expected, loses money"
        if rule.loss_limit == 0
        else f"the whole relationship comes to less than {money(rule.loss_limit)}"
    )
    return [
        ClassSentence(
            WorthClass.CURRENT_KEY,
            f"last year's profit was at least {realised} and {expects}{cost}.",
            f"{least[0]}, or {least[1]}{cost_kept}.",
        ),
        ClassSentence(
            WorthClass.POTENTIAL_KEY,
            f"{expects}, but it does not do all that a current key does.",
            f"{least[1]}, or it becomes a current key.",
        ),
        ClassSentence(
            WorthClass.GENERAL,
            "none of the others fits. Who has not ordered yet is here as well.",
            "another class fits.",
        ),
        ClassSentence(
            WorthClass.NEVER_PROFITABLE,
            f"{loss}. This comes before all others.",
            f"CLV reaches {cents(rule.loss_kept_below)}.",
        ),
    ]


_TENTH = Decimal("0.001")


def kept_up(rule: RuleNumbers) -> Decimal:
    """Return by which factor a member may exceed the limit of cost."""
    return 1 + rule.band


def lines(rule: RuleNumbers, before: RuleNumbers | None = None) -> list[Line]:
    """Return each number in words, `before` beside it where given."""
    return [
        Line(
            label=label,
            value=value,
            meaning=meaning,
            before=was,
        )
        for (label, value, meaning), (_, was, _meaning) in zip(
            _numbers(rule),
            _numbers(before) if before else [("", "", "")] * 6,
            strict=True,
        )
    ]


def _numbers(rule: RuleNumbers) -> list[tuple[str, str, str]]:
    return [
        (
            "Last year's profit",
            cents(rule.realised_threshold),
            "Margin of the last twelve months less cost to serve, for a current key.",
        ),
        (
            "Expected value",
            cents(rule.expected_threshold),
            (
                "Discounted margin less cost to serve over the horizon, for both key"
                " classes."
            ),
        ),
        (
            "How sure the expected value must be",
            exact_share(rule.least_confidence),
            "50 % takes the expected value itself, 90 % the lower end of its range.",
        ),
        (
            "Cost to serve, at most",
            NO_LIMIT if rule.cost_limit is None else exact_share(rule.cost_limit),
            "Of last year's margin, for a current key.",
        ),
        (
            "Loss limit",
            cents(rule.loss_limit),
            "CLV below this makes an account never profitable.",
        ),
        (
            "Band",
            exact_share(rule.band),
            "By so much of a threshold a member may miss it before it leaves.",
        ),
    ]


def changed_lines(rule: RuleNumbers, before: RuleNumbers) -> list[Line]:
    """Return the numbers that differ, in words."""
    return [line for line in lines(rule, before) if line.is_changed]


@dataclass(frozen=True, slots=True)
class Version:
    """One published version with what it changed and the first day it classed."""

    version: ClassPolicy
    changed: Sequence[Line]
    first_used_on: dt.date | None
    is_current: bool


def history() -> list[Version]:
    """Return all versions, newest first (two questions to the database)."""
    versions = list(ClassPolicy.objects.select_related("author"))
    current = ClassPolicy.objects.current()
    used = dict(
        ClassTotal.objects.filter(policy__in=versions)
        .order_by()
        .values_list("policy")
        .annotate(first=Min("run__as_of"))
    )
    return [
        Version(
            version=one,
            changed=changed_lines(one, before) if before else [],
            first_used_on=used.get(one.pk),
            is_current=one == current,
        )
        for one, before in zip(versions, [*versions[1:], None], strict=False)
    ]
