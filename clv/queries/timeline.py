"""What values bring to the timeline: changes of note, and the day it paid back."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from django.db.models import Case, F, Sum, TextField, Value, When

from clv.choices import DismissReason, OfferState
from clv.models import AccountSummary, OfferDecision, Valuation, ValuationRun
from clv.policy import CHANGE_OF_NOTE_LEAST, CHANGE_OF_NOTE_SHARE
from common.templatetags.display import day, money, signed_money
from crm.queries.entries import Entries, joined, labels, of_accounts, words


@dataclass(frozen=True, slots=True)
class _Month:
    """The CLV of an account at the last night of a month."""

    run: ValuationRun
    clv: Decimal


def value_changes(account_ids: Sequence[int]) -> Entries:
    """Return where the CLV moved by much from one month's last night to the next.

    Months and not nights, because of old nights only the last of each month is kept:
    so the past does not change as it grows older.
    """
    months = _months(account_ids)
    told = {
        now.run.pk: _sentence(before, now)
        for before, now in pairwise(months)
        if _is_of_note(before.clv, now.clv)
    }
    cases = [When(pk=pk, then=Value(text)) for pk, text in told.items()]
    rising = [
        now.run.pk
        for before, now in pairwise(months)
        if now.run.pk in told and now.clv > before.clv
    ]
    return Entries(
        ValuationRun.objects.filter(pk__in=list(told)),
        at="as_of",
        is_day=True,
        columns={
            "title": Case(
                When(pk__in=rising, then=Value("CLV rose")),
                default=Value("CLV fell"),
                output_field=TextField(),
            ),
            "text": Case(*cases, default=Value(""), output_field=TextField()),
        },
    )


def paybacks(account_ids: Sequence[int]) -> Entries:
    """Return the day on which margin had paid for winning and serving."""
    rows = AccountSummary.objects.filter(paid_back_on__isnull=False)
    return Entries(
        of_accounts(rows, account_ids),
        at="paid_back_on",
        is_day=True,
        columns={
            "text": Value("Its margin had paid for winning and serving it."),
        },
    )


def _months(account_ids: Sequence[int]) -> list[_Month]:
    """Return the last valued night of each month and the CLV then, oldest first."""
    last: dict[tuple[int, int], ValuationRun] = {}
    runs = ValuationRun.objects.kept().only("pk", "as_of").order_by("as_of", "pk")
    for run in runs:
        last[run.as_of.year, run.as_of.month] = run
    # The runs are named one by one, so that only their partitions are opened.
    values = Valuation.objects.filter(
        run_id__in=[run.pk for run in last.values()], account_id__in=list(account_ids)
    )
    found = dict(values.order_by().values_list("run_id").annotate(Sum("clv")))
    return [_Month(run, found[run.pk]) for run in last.values() if run.pk in found]


def _is_of_note(before: Decimal, now: Decimal) -> bool:
    least = max(CHANGE_OF_NOTE_LEAST, abs(before) * CHANGE_OF_NOTE_SHARE)
    return abs(now - before) >= least


def _sentence(before: _Month, now: _Month) -> str:
    return (
        f"{signed_money(now.clv - before.clv)} since {day(before.run.as_of)}: "
        f"from {money(before.clv)} to {money(now.clv)}"
    )


def offers_decided(account_ids: Sequence[int]) -> Entries:
    """Return offers that were taken up, and those dismissed with their reason."""
    rows = OfferDecision.objects.filter(withdrawn_at=None)
    return Entries(
        of_accounts(rows, account_ids),
        at="decided_on",
        is_day=True,
        columns={
            "title": Case(
                When(state=OfferState.ACCEPTED, then=Value("Offer taken up")),
                default=Value("Offer dismissed"),
                output_field=TextField(),
            ),
            "text": Case(
                When(state=OfferState.ACCEPTED, then=words("offered__name")),
                default=joined(
                    F("offered__name"),
                    Value(": "),
                    labels("reason", DismissReason.choices),
                ),
                output_field=TextField(),
            ),
            "who": words("decided_by__name"),
            "who_id": F("decided_by_id"),
        },
        who="decided_by_id",
        product="offered__name",
        searched=("offered__name", "note"),
    )
