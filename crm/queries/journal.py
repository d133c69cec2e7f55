"""The journal of an account, what is due for a check, and who supposed rightly."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet

from crm.choices import HypothesisStatus
from crm.models import Account, Hypothesis, HypothesisEvidence, User


@dataclass(frozen=True, slots=True)
class HypothesisRow:
    """One hypothesis with what speaks for it and against it."""

    hypothesis: Hypothesis
    speaks_for: list[HypothesisEvidence]
    speaks_against: list[HypothesisEvidence]
    is_due: bool


@dataclass(frozen=True, slots=True)
class HitRate:
    """How often one person supposed rightly; `share` is None before a conclusion."""

    name: str
    open: int
    due: int
    confirmed: int
    refuted: int

    @property
    def share(self) -> float | None:
        concluded = self.confirmed + self.refuted
        return self.confirmed / concluded if concluded else None


def journal(account: Account, today: dt.date) -> list[HypothesisRow]:
    """Return the hypotheses about `account`, open ones first, in two queries."""
    evidence = HypothesisEvidence.objects.select_related("recorded_by")
    rows = (
        Hypothesis.objects.filter(account=account)
        .select_related("author")
        .prefetch_related(Prefetch("evidence", evidence))
    )
    found = [_row(one, today) for one in rows]
    return sorted(
        found,
        key=lambda row: (
            row.hypothesis.status != HypothesisStatus.OPEN,
            -row.hypothesis.pk,
        ),
    )


def hypotheses_due(user: User, today: dt.date) -> QuerySet[Hypothesis]:
    """Return what `user` supposed and should check by `today`, the oldest first."""
    rows: QuerySet[Hypothesis] = Hypothesis.objects.visible_to(user).filter(
        author=user, status=HypothesisStatus.OPEN, review_on__lte=today
    )
    return rows.select_related("account").order_by("review_on", "pk")


def hit_rates(user: User, today: dt.date) -> list[HitRate]:
    """Return how often people supposed rightly: a rep's own, for others everybody's."""
    rows = Hypothesis.objects.all()
    if not user.sees_every_account:
        rows = rows.filter(author=user)
    is_open = Q(status=HypothesisStatus.OPEN)
    counted = (
        rows.order_by()
        .values("author__name", "author_id")
        .annotate(
            open=Count("pk", filter=is_open),
            due=Count("pk", filter=is_open & Q(review_on__lte=today)),
            confirmed=Count("pk", filter=Q(status=HypothesisStatus.CONFIRMED)),
            refuted=Count("pk", filter=Q(status=HypothesisStatus.REFUTED)),
        )
        .order_by("author__name", "author_id")
    )
    return [
        HitRate(
            one["author__name"],
            one["open"],
            one["due"],
            one["confirmed"],
            one["refuted"],
        )
        for one in counted
    ]


def _row(hypothesis: Hypothesis, today: dt.date) -> HypothesisRow:
    evidence = list(hypothesis.evidence.all())
    is_open = hypothesis.status == HypothesisStatus.OPEN
    return HypothesisRow(
        hypothesis=hypothesis,
        speaks_for=[one for one in evidence if one.is_for],
        speaks_against=[one for one in evidence if not one.is_for],
        is_due=is_open and hypothesis.review_on <= today,
    )
