"""Classes set by hand beside what the rule would say."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from clv.models import ValuationRun
from segments.choices import WorthClass
from segments.models import ClassPolicy, Override
from segments.queries.rule import ON_THE_DAY, REASON, rule_parameters, ruled

ONLY = " AND v.account_id = ANY (%(accounts)s)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rule says of an account, as if nobody had set its class by hand."""

    worth_class: WorthClass
    reason: str


@dataclass(frozen=True, slots=True)
class SetByHand:
    """One override and what the rule would say; None where nothing is valued yet."""

    override: Override
    verdict: Verdict | None

    @property
    def worth_class(self) -> WorthClass:
        return WorthClass(self.override.worth_class)

    @property
    def agrees(self) -> bool:
        """Whether the rule has come to say the same, so that it could be ended."""
        return self.verdict is not None and self.verdict.worth_class == self.worth_class


def verdicts(
    run: ValuationRun | None, account_ids: Iterable[int]
) -> dict[int, Verdict]:
    """Return what the rule that counts says of the accounts in `run` (one query)."""
    policy = ClassPolicy.objects.current()
    wanted = list(account_ids)
    if run is None or policy is None or not wanted:
        return {}
    params = rule_parameters(run, policy) | {"accounts": wanted}
    rows = ruled("clv_valuation", ON_THE_DAY, only=ONLY, by_hand=False)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT account_id, worth_class, {REASON} FROM ({rows}) today", params
        )
        return {
            pk: Verdict(WorthClass(worth_class), reason)
            for pk, worth_class, reason in cursor.fetchall()
        }


def with_verdicts(
    run: ValuationRun | None, overrides: Iterable[Override]
) -> list[SetByHand]:
    """Add to each override what the rule would say (two queries)."""
    rows = list(overrides)
    said = verdicts(run, {one.account_id for one in rows})
    return [SetByHand(one, said.get(one.account_id)) for one in rows]
