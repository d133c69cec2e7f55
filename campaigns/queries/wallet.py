"""The wallet: how much more care for an account is justified, and on what it rests.

Justified is worked out in one of two ways that agree to the cent: for some accounts by
`campaigns.engine.justified`, for all of them by the fragment of SQL below.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import (
    Case,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest, Least, Round

from campaigns import policy
from campaigns.engine.justified import (
    JustifiedSpend,
    gain_of_spending,
    justified_share,
    justified_spend,
)
from campaigns.models import MeasuredEffect, PlanAssignment
from clv.models import AssumedNumbers, Assumptions, Valuation, ValuationRun
from common.clock import business_today
from common.money import ZERO
from common.templatetags.display import counted, exact_share, share
from crm.choices import CostKind
from crm.models import Account, LedgerEntry
from crm.queries.merged import WITH_SURVIVORS
from segments.choices import WorthClass
from segments.models import Membership

# What counts as care. Winning, delivering and taking goods back is not chosen freely.
CARE_KINDS = (CostKind.MARKETING, CostKind.ACCOUNT_MANAGEMENT, CostKind.SERVICE)

_PRECISE: Any = DecimalField(max_digits=32, decimal_places=14)
_CENTS: Any = DecimalField(max_digits=20, decimal_places=2)

# Opens a statement that joins `used (account_id, amount)`: the care of each account in
# the days after `used_after` up to `used_until`, that of merged accounts included.
WITH_USED = (
    WITH_SURVIVORS
    + """, used AS (
        SELECT coalesce(s.account_id, e.account_id) AS account_id,
            sum(e.amount) AS amount
        FROM crm_ledgerentry e LEFT JOIN survivor s ON s.member_id = e.account_id
        WHERE e.account_id IS NOT NULL AND e.kind = ANY (%(care_kinds)s)
            AND e.incurred_on > %(used_after)s AND e.incurred_on <= %(used_until)s
        GROUP BY 1
    )"""
)
# The same for the accounts of `among` only.
WITH_USED_AMONG = (
    WITH_SURVIVORS
    + """, member AS (
        SELECT id AS member_id, id AS account_id
        FROM unnest(%(among)s::bigint[]) AS wanted(id)
        UNION ALL
        SELECT member_id, account_id FROM survivor
        WHERE account_id = ANY (%(among)s::bigint[])
    ), used AS (
        SELECT m.account_id, sum(e.amount) AS amount
        FROM member m JOIN crm_ledgerentry e ON e.account_id = m.member_id
        WHERE e.kind = ANY (%(care_kinds)s)
            AND e.incurred_on > %(used_after)s AND e.incurred_on <= %(used_until)s
        GROUP BY 1
    )"""
)


@dataclass(frozen=True, slots=True)
class Response:
    """How an account's margin responds to care: as measured, or as assumed."""

    effect: Decimal
    scale: Decimal
    measured: MeasuredEffect | None = None

    @property
    def share(self) -> Decimal:
        """Return the justified share of a year's margin."""
        return justified_share(effect_share=self.effect, scale_share=self.scale)

    @property
    def said(self) -> str:
        """Say in a few words where the effect is from."""
        if self.measured is None:
            return f"assumed: care can secure at most {exact_share(self.effect)}"
        one = self.measured
        return (
            f"measured for {one.subject}: care secures {exact_share(one.effect)}"
            f" ({exact_share(one.low)} to {exact_share(one.high)},"
            f" {counted(one.accounts, 'account')})"
        )

    @property
    def why(self) -> str:
        """Say why so much is justified and not more; empty where it was measured."""
        if self.measured is not None:
            return ""
        return (
            f"So {exact_share(_rounded(self.share))} of a year’s margin pays for"
            " itself: only what it secures within the year counts, and more shows as"
            " too much until an effect is measured."
        )


class Responses:
    """The measured effects that count, and the assumption for everybody else.

    An effect measured for an account's plan goes before one of its class, and that
    before the assumption. Where a spend has a channel, what was measured for the
    channel goes before all.
    """

    def __init__(self, assumptions: AssumedNumbers | None = None) -> None:
        numbers = assumptions or current_assumptions()
        self.assumed = Response(numbers.retention_effect, numbers.response_scale)
        self.by_plan: dict[int, Response] = {}
        self.by_class: dict[str, Response] = {}
        self._by_channel: dict[str, Response] = {}
        for one in MeasuredEffect.objects.current().select_related("plan"):
            found = Response(max(one.effect, Decimal(0)), self.assumed.scale, one)
            if one.plan_id is not None:
                self.by_plan[one.plan_id] = found
            elif one.worth_class:
                self.by_class[one.worth_class] = found
            else:
                self._by_channel[one.channel] = found

    def of(
        self,
        *,
        plan_id: int | None = None,
        worth_class: str | None = "",
        channel: str = "",
    ) -> Response:
        """Return what counts for an account on a plan, in a class, by a channel."""
        return (
            self._by_channel.get(channel)
            or self.by_plan.get(plan_id or 0)
            or self.by_class.get(worth_class or "")
            or self.assumed
        )

    def of_channel(self, channel: str) -> Response | None:
        """Return what was measured for a channel, if anything was."""
        return self._by_channel.get(channel)

    @cached_property
    def is_one_for_all(self) -> bool:
        return not (self.by_plan or self.by_class)

    def column(
        self,
        name: str,
        *,
        plan: str = "wp.plan_id",
        worth_class: str = "wm.worth_class",
        channel: str = "",
    ) -> str:
        """Return SQL for `effect`, `scale` or `share`, by the columns that `joins` has.

        Numbers of ours and keys of a closed list are all that it writes out.
        """
        measured = self._by_channel.get(channel)
        if measured is not None or self.is_one_for_all:
            return f"{getattr(measured or self.assumed, name)}::numeric"
        whens = [
            f"WHEN {plan} = {key:d} THEN {getattr(one, name)}::numeric"
            for key, one in self.by_plan.items()
        ]
        whens += [
            f"WHEN {worth_class} = '{WorthClass(key).value}'"
            f" THEN {getattr(one, name)}::numeric"
            for key, one in self.by_class.items()
        ]
        assumed = getattr(self.assumed, name)
        return f"CASE {' '.join(whens)} ELSE {assumed}::numeric END"

    def joins(self, account: str = "v.account_id") -> str:
        """Return the joins that `column` needs; none where one response is for all."""
        if self.is_one_for_all:
            return ""
        return f"""
            LEFT JOIN campaigns_planassignment wp
                ON wp.account_id = {account} AND wp.until IS NULL
            LEFT JOIN segments_membership wm
                ON wm.account_id = {account} AND wm.until IS NULL"""

    def justified_column(self, **columns: str) -> str:
        """Return SQL for what is justified, over `clv_valuation v`; in cents."""
        return (
            f"round(greatest(least({self.column('share', **columns)}"
            " * v.expected_margin_year, v.expected_margin), 0), 2)"
        )


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.001"))


@dataclass(frozen=True, slots=True)
class Wallet:
    """What may be spent on an account, and the numbers that it rests on."""

    account_id: int
    spend: JustifiedSpend
    response: Response
    expected_margin_year: Decimal
    expected_margin: Decimal
    has_ordered: bool = True

    @property
    def effect_share(self) -> Decimal:
        return self.response.effect

    @property
    def is_measured(self) -> bool:
        return self.response.measured is not None

    @property
    def part_used(self) -> float:
        """Return the used part of what is justified, 0 to 1, for a bar."""
        if self.spend.limit <= 0:
            return 1.0 if self.spend.used > 0 else 0.0
        return min(max(float(self.spend.used / self.spend.limit), 0.0), 1.0)

    @property
    def said(self) -> str:
        """Say what is left, in one sentence."""
        if self.spend.overspent:
            return "More than justified was spent."
        return f"{share(1 - self.part_used)} of what is justified is left."

    def gain_of(self, cost: Decimal) -> Decimal:
        """Return what spending `cost` now is expected to gain, net of it."""
        return gain_of_spending(
            expected_margin_year=self.expected_margin_year,
            expected_margin=self.expected_margin,
            effect_share=self.response.effect,
            scale_share=self.response.scale,
            used=self.spend.used,
            cost=cost,
        )


def current_assumptions() -> Assumptions:
    """Return the assumptions of the values that count, else the newest."""
    run = ValuationRun.objects.select_related("assumptions").current()
    return run.assumptions if run else Assumptions.objects.current()


def window(today: dt.date) -> dict[str, Any]:
    """Return the parameters of `WITH_USED`."""
    return {
        "care_kinds": [kind.value for kind in CARE_KINDS],
        "used_after": today - dt.timedelta(days=policy.SPEND_WINDOW_DAYS),
        "used_until": today,
    }


def wallet_of(account: Account, *, today: dt.date | None = None) -> Wallet | None:
    """Return the wallet of one account; None before the account is valued."""
    return wallets([account.pk], today=today).get(account.pk)


def wallets(
    account_ids: Iterable[int], *, today: dt.date | None = None
) -> dict[int, Wallet]:
    """Return the wallets of those accounts that are valued; a few queries in all."""
    keys = list(account_ids)
    run = ValuationRun.objects.select_related("assumptions").current()
    if run is None or not keys:
        return {}
    responses = Responses(run.assumptions)
    values = Valuation.objects.of_run(run).filter(account_id__in=keys)
    used = used_by(keys, today=today or business_today())
    stands = _stands(keys) if not responses.is_one_for_all else {}
    found = {}
    for value in values.only(
        "run_id",
        "account_id",
        "expected_margin_year",
        "expected_margin",
        "order_days",
    ):
        key = value.account_id
        plan_id, worth_class = stands.get(key, (None, ""))
        response = responses.of(plan_id=plan_id, worth_class=worth_class)
        found[key] = Wallet(
            account_id=key,
            spend=justified_spend(
                expected_margin_year=value.expected_margin_year,
                expected_margin=value.expected_margin,
                effect_share=response.effect,
                scale_share=response.scale,
                used=used.get(key, ZERO),
            ),
            response=response,
            expected_margin_year=value.expected_margin_year,
            expected_margin=value.expected_margin,
            has_ordered=value.order_days > 0,
        )
    return found


def used_by(account_ids: Iterable[int], *, today: dt.date) -> Mapping[int, Decimal]:
    """Return what was spent on care of each account, as the ledger has it."""
    statement = WITH_USED_AMONG + " SELECT account_id, amount FROM used"
    with connection.cursor() as cursor:
        cursor.execute(statement, {"among": list(account_ids), **window(today)})
        return dict(cursor.fetchall())


def left_of_row(values: QuerySet[Valuation]) -> Combinable:
    """Return what is left for the account of the query around it, below 0 when over.

    `values` finds the value of that account. For sorting a list of some thousand; the
    night writes it down for longer ones.
    """
    responses = Responses()
    cases: list[When] = []
    plans = PlanAssignment.objects.open().filter(account_id=OuterRef("account_id"))
    held = Membership.objects.open().filter(account_id=OuterRef("account_id"))
    for key, one in responses.by_plan.items():
        cases.append(When(Exists(plans.filter(plan_id=key)), then=Value(one.share)))
    for key_of_class, one in responses.by_class.items():
        stands = Exists(held.filter(worth_class=key_of_class))
        cases.append(When(stands, then=Value(one.share)))
    share = Case(*cases, default=Value(responses.assumed.share), output_field=_PRECISE)
    limit = Greatest(
        Least(F("expected_margin_year") * share, F("expected_margin")),
        Value(ZERO),
        output_field=_PRECISE,
    )
    limits = values.annotate(limit=Round(limit, precision=2)).values("limit")
    own, merged = _spent_by("account"), _spent_by("account__merged_into")
    return ExpressionWrapper(
        Subquery(limits, output_field=_PRECISE) - own - merged, output_field=_CENTS
    )


def _spent_by(account: str) -> Combinable:
    """Return what was spent on the account of the row; one index serves each way."""
    days = window(business_today())
    spent = LedgerEntry.objects.filter(
        **{account: OuterRef("pk")},
        kind__in=days["care_kinds"],
        incurred_on__gt=days["used_after"],
        incurred_on__lte=days["used_until"],
    )
    sums = spent.order_by().annotate(sum=Func(F("amount"), function="SUM"))
    return Coalesce(Subquery(sums.values("sum")), Value(ZERO), output_field=_PRECISE)


def _stands(keys: list[int]) -> dict[int, tuple[int | None, str]]:
    """Return the plan and the class of each account."""
    held = Membership.objects.open().filter(account_id__in=keys)
    classes = dict(held.order_by().values_list("account_id", "worth_class"))
    follows = PlanAssignment.objects.open().filter(account_id__in=keys)
    plans = dict(follows.order_by().values_list("account_id", "plan_id"))
    return {key: (plans.get(key), classes.get(key, "")) for key in keys}
