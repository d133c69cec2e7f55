"""Should we? Of many accounts, those for which one more spend is not worth its cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import connection

from campaigns.choices import GateChoice, VersionStatus, channel_words
from campaigns.engine.costs import cost_of_one
from campaigns.models import GateDecision, LibraryTouch, RetentionPlan, TouchTemplate
from campaigns.models.plans import TouchTerms
from campaigns.queries.costs import hourly_costs
from campaigns.queries.wallet import WITH_USED_AMONG, Response, Responses, window
from clv.models import ValuationRun
from common.among import Among
from common.clock import business_today
from common.money import ZERO, to_cents
from common.templatetags.display import cents, count
from crm.models import Account, User

NAMED = 25
CHEAPER_OFFERED = 4

# What spending `cost` more on each account secures beyond what was spent already; as
# `campaigns.engine.justified.gain_of_spending` has it. The database refuses to
# underflow, so what is left of the curve beyond 700 scales is cut off.
_WEIGHED = (
    WITH_USED_AMONG
    + """, curve AS (
        SELECT v.account_id, greatest(v.expected_margin, 0)::float8 AS most,
            v.expected_margin_year::float8 AS earned,
            v.expected_margin_year, coalesce(u.amount, 0) AS used,
            CASE WHEN %(is_year)s THEN 0
                ELSE greatest(coalesce(u.amount, 0), 0)::float8 END AS spent,
            ({effect})::float8 AS effect, ({scale})::float8 AS scale
        FROM clv_valuation v {joins}
        LEFT JOIN used u ON u.account_id = v.account_id
        WHERE v.run_id = %(run)s AND v.account_id = ANY (%(among)s::bigint[])
    ), weighed AS (
        SELECT account_id, expected_margin_year, used,
            round((CASE WHEN earned > 0 THEN
                least(most, effect * earned * (1 - exp(-least(700,
                    (spent + %(cost)s) / (scale * earned)))))
                - least(most, effect * earned * (1 - exp(-least(700,
                    spent / (scale * earned)))))
            ELSE 0 END - %(cost)s)::numeric, 2) AS gain
        FROM curve
    )"""
)
_SUMS = (
    _WEIGHED
    + """ SELECT count(*), coalesce(sum(gain), 0),
        coalesce(sum(gain) FILTER (WHERE gain < 0), 0),
        coalesce(array_agg(account_id ORDER BY gain, account_id)
            FILTER (WHERE gain < 0), '{{}}')
    FROM weighed"""
)
_ROWS = (
    _WEIGHED
    + " SELECT account_id, expected_margin_year, used, gain FROM weighed"
    + " ORDER BY gain, account_id"
)
_PAYS = _WEIGHED + " SELECT account_id FROM weighed WHERE gain >= 0"


@dataclass(frozen=True, slots=True)
class Below:
    """One account for which the spend does not pay."""

    account: Account
    expected_margin_year: Decimal
    used: Decimal
    gain: Decimal


@dataclass(frozen=True, slots=True)
class Cheaper:
    """Another way to reach accounts below the line, and for whom of them it pays."""

    channel: str
    title: str
    unit_cost: Decimal
    minutes: int
    cost_each: Decimal
    owner_role: str
    pays_for: frozenset[int]

    @property
    def label(self) -> str:
        name = channel_words(self.channel)
        return (
            f"{name}: {self.title}, {cents(self.cost_each)} each;"
            f" worth it for {count(len(self.pays_for))} of them"
        )


class Gate:
    """What a spend on many accounts costs and gains, and for whom it does not pay.

    Accounts that were never valued stand above the line: what is not known is no reason
    to leave anybody out; how many they are is said. With a plan `cost_each` is what it
    costs within a year: a year of it is weighed by itself, with what was measured for
    it, since it replaces what was done before. `standing` is an earlier decision to
    include all of them that still holds.
    """

    def __init__(
        self,
        *,
        account_ids: Iterable[int],
        cost_each: Decimal,
        channel: str,
        actor: User | None,
        plan: RetentionPlan | None = None,
    ) -> None:
        self.plan = plan
        self.standing: GateDecision | None = None
        mine = Account.objects.active().order_by()
        if actor is not None:
            mine = mine.visible_to(actor)
        self.account_ids = list(
            mine.filter(Among("pk", account_ids)).values_list("pk", flat=True)
        )
        self.cost_each = to_cents(cost_each)
        self.channel = channel
        self._run = ValuationRun.objects.select_related("assumptions").current()
        self._responses = Responses(self._run.assumptions if self._run else None)
        found = self._ask(_SUMS, self.account_ids, self.cost_each)
        valued, gain, gain_below, below = found[0] if found else (0, ZERO, ZERO, [])
        self.valued: int = valued
        self.gain: Decimal = gain
        self.gain_below: Decimal = gain_below
        self.below_ids: list[int] = below

    @property
    def is_needed(self) -> bool:
        """Tell whether there is anything to decide."""
        return bool(self.below_ids) and self.standing is None

    @property
    def accounts(self) -> int:
        return len(self.account_ids)

    @property
    def below(self) -> int:
        return len(self.below_ids)

    @property
    def unvalued(self) -> int:
        return self.accounts - self.valued

    @property
    def cost(self) -> Decimal:
        return self.cost_each * self.accounts

    @property
    def cost_below(self) -> Decimal:
        return self.cost_each * self.below

    @property
    def secured_below(self) -> Decimal:
        """Return what the spend would secure with those below the line."""
        return self.gain_below + self.cost_below

    @property
    def gain_above(self) -> Decimal:
        return self.gain - self.gain_below

    @property
    def rest(self) -> list[int]:
        """Return the accounts above the line."""
        out = set(self.below_ids)
        return [key for key in self.account_ids if key not in out]

    @property
    def rests_on(self) -> str:
        """Say what effect was used."""
        one = self._one_response
        if one is not None:
            return one.said
        if self._responses.is_one_for_all:
            return self._responses.assumed.said
        return (
            "measured where plans and classes were, else"
            f" {self._responses.assumed.said}"
        )

    @property
    def sentence(self) -> str:
        if self.below == self.accounts == 1:
            return (
                f"It is not worth {cents(self.cost_each)}: spent here, that is expected"
                f" to secure {cents(self.secured_below)}."
            )
        return (
            f"{count(self.below)} of {count(self.accounts)} are not worth"
            f" {cents(self.cost_each)} each: {cents(self.cost_below)} spent on them are"
            f" expected to secure {cents(self.secured_below)}."
        )

    @cached_property
    def named(self) -> Sequence[Below]:
        """Return those that lose most, by name."""
        keys = self.below_ids[:NAMED]
        rows = self._ask(_ROWS, keys, self.cost_each)
        known = Account.objects.select_related("owner").in_bulk(keys)
        return [Below(known[key], *rest) for key, *rest in rows if key in known]

    @property
    def unnamed(self) -> int:
        return self.below - len(self.named)

    @property
    def choices(self) -> list[dict[str, str]]:
        """Return what may be decided, as the API takes it."""
        ways = [
            {"choice": GateChoice.CHEAPER.value, "cheaper": one.channel}
            for one in self.cheaper
        ]
        override = {"choice": GateChoice.OVERRIDE.value, "reason": "Why all the same"}
        return [{"choice": GateChoice.DROP.value}, *ways, override]

    @property
    def facts(self) -> dict[str, Any]:
        """Return for programs who is below the line and what may be decided."""
        return {
            "accounts": self.accounts,
            "below": self.below_ids,
            "named": [
                {
                    "account": one.account.pk,
                    "name": one.account.name,
                    "gain": str(one.gain),
                }
                for one in self.named
            ],
            "cost_each": str(self.cost_each),
            "cost_below": str(self.cost_below),
            "gain_below": str(self.gain_below),
            "rests_on": self.rests_on,
            "decisions": self.choices,
        }

    @cached_property
    def cheaper(self) -> Sequence[Cheaper]:
        """Return other ways that pay for some of those below, the best first."""
        found: list[Cheaper] = []
        if self.plan is not None:
            return found
        for terms, cost in _cheaper_terms(self.channel, self.cost_each):
            rows = self._ask(_PAYS, self.below_ids, cost)
            if rows:
                found.append(
                    Cheaper(
                        channel=terms.channel,
                        title=terms.title,
                        unit_cost=terms.unit_cost or ZERO,
                        minutes=terms.minutes,
                        cost_each=cost,
                        owner_role=terms.owner_role,
                        pays_for=frozenset(key for (key,) in rows),
                    )
                )
        return found

    def way(self, channel: str) -> Cheaper | None:
        return next((one for one in self.cheaper if one.channel == channel), None)

    @property
    def _one_response(self) -> Response | None:
        """Return what was measured for the channel or the plan, which goes before."""
        if self.plan is not None:
            found = self._responses.of(plan_id=self.plan.pk)
            return found if found.measured else None
        return self._responses.of_channel(self.channel)

    def _ask(self, template: str, among: Sequence[int], cost: Decimal) -> list[Any]:
        if self._run is None or not among:
            return []
        one = self._one_response
        statement = template.format(
            effect=f"{one.effect}::numeric"
            if one
            else self._responses.column("effect"),
            scale=f"{self._responses.assumed.scale}::numeric",
            joins="" if one else self._responses.joins(),
        )
        parameters = {
            "run": self._run.pk,
            "among": list(among),
            "cost": float(cost),
            "is_year": self.plan is not None,
            **window(business_today()),
        }
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())


def _cheaper_terms(
    channel: str, cost_each: Decimal
) -> list[tuple[TouchTerms, Decimal]]:
    """Return the cheapest known touch of each other channel that costs less."""
    hourly = hourly_costs()
    known: list[TouchTerms] = [
        *LibraryTouch.objects.filter(is_active=True, unit_cost__isnull=False),
        *TouchTemplate.objects.filter(
            version__status=VersionStatus.PUBLISHED, unit_cost__isnull=False
        ),
    ]
    best: dict[str, tuple[TouchTerms, Decimal]] = {}
    for terms in known:
        cost = to_cents(
            cost_of_one(
                unit_cost=terms.unit_cost or ZERO,
                minutes=terms.minutes,
                hourly_cost=hourly[terms.owner_role],
            )
        )
        is_better = terms.channel not in best or cost < best[terms.channel][1]
        if terms.channel != channel and cost < cost_each and is_better:
            best[terms.channel] = (terms, cost)
    return sorted(best.values(), key=lambda one: -one[1])[:CHEAPER_OFFERED]
