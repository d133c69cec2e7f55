"""Where margin is lost that need not be: by product or class, cause and money.

Each cause is one statement with a row per value and account: what it cost beyond what
is usual. `usual` is the yardstick, `hit` says that the account takes part. Nothing is
assumed: where a unit cost is not known the money is not known, and that is said.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clv.policy import WINNING_KINDS
from common.kept import kept_rows
from common.money import CENT
from common.templatetags.display import cents, count, money, share
from crm.models import Product
from crm.queries.merged import WITH_SURVIVORS
from segments.choices import LeverCause, WorthClass
from segments.queries.findings import night_rows
from segments.queries.profit_facts import accounts_in
from segments.queries.scope import Scope

MOST_LEVERS = 10
FEWEST_BEHIND = 10  # lines or accounts; what fewer do is not yet usual
WORTH_TELLING = Decimal("1.00")
Params = dict[str, Any]

# Opens each statement but in the night, which has read the lines once for all of them.
LINES = """, line AS (
        SELECT l.id, l.product_id, coalesce(s.account_id, l.account_id) AS account_id,
            l.ordered_on, l.order_id, l.discount, l.quantity * l.unit_price AS gross,
            l.quantity, l.revenue, l.cost
        FROM crm_orderline l LEFT JOIN survivor s ON s.member_id = l.account_id
        WHERE l.status = 'confirmed' AND l.ordered_on BETWEEN %(before)s AND %(until)s
    )"""
COSTS = """, cost AS (
        SELECT coalesce(s.account_id, e.account_id) AS account_id,
            sum(e.amount) FILTER (WHERE e.kind = 'delivery') AS delivery,
            sum(e.amount) FILTER (WHERE e.kind <> ALL (%(winning)s)
                AND e.kind <> 'delivery') AS serve
        FROM crm_ledgerentry e LEFT JOIN survivor s ON s.member_id = e.account_id
        WHERE e.account_id IS NOT NULL AND e.incurred_on BETWEEN %(since)s AND %(until)s
        GROUP BY 1
    ), bought AS (
        SELECT account_id, sum(revenue) AS revenue, count(DISTINCT order_id) AS orders
        FROM line WHERE ordered_on >= %(since)s GROUP BY 1 HAVING sum(revenue) > 0
    )"""
ABOVE = """
    , rate AS (
        SELECT m.worth_class AS key, b.account_id, b.{per} AS per,
            coalesce(c.{what}, 0) AS amount
        FROM bought b JOIN segments_membership m
            ON m.account_id = b.account_id AND m.until IS NULL
        LEFT JOIN cost c ON c.account_id = b.account_id
    ), usual AS MATERIALIZED (
        SELECT key, percentile_cont(0.5) WITHIN GROUP (ORDER BY amount / per)::numeric
            AS usual
        FROM rate GROUP BY key HAVING count(*) >= %(fewest)s
    )
    SELECT b.key, b.account_id, greatest(b.amount - u.usual * b.per, 0) AS money,
        u.usual, b.per AS base, b.amount > u.usual * b.per AS hit
    FROM rate b JOIN usual u ON u.key = b.key
    WHERE true{scope}"""

STATEMENTS = {
    LeverCause.DISCOUNT: """
    , usual AS MATERIALIZED (
        SELECT product_id, percentile_cont(0.5)
            WITHIN GROUP (ORDER BY discount / gross)::numeric AS usual
        FROM line WHERE gross > 0 AND ordered_on >= %(since)s
        GROUP BY 1 HAVING count(*) >= %(fewest)s
    )
    SELECT b.product_id::text AS key, b.account_id,
        sum(b.discount - u.usual * b.gross) AS money, max(u.usual) AS usual,
        sum(b.gross) AS base, true AS hit
    FROM line b JOIN usual u ON u.product_id = b.product_id
    WHERE b.gross > 0 AND b.ordered_on >= %(since)s
        AND b.discount > u.usual * b.gross{scope}
    GROUP BY 1, 2""",
    LeverCause.COST_RISE: """
    , unit AS MATERIALIZED (
        SELECT product_id, ordered_on >= %(since)s AS is_now,
            sum(cost) / sum(quantity) AS cost, sum(revenue) / sum(quantity) AS price
        FROM line WHERE cost IS NOT NULL GROUP BY 1, 2 HAVING count(*) >= %(fewest)s
    ), rise AS MATERIALIZED (
        SELECT n.product_id, n.cost - b.cost AS risen,
            (n.cost - b.cost) - (n.price - b.price) AS lost
        FROM unit n JOIN unit b ON b.product_id = n.product_id
        WHERE n.is_now AND NOT b.is_now AND n.cost > b.cost
            AND n.cost - b.cost > n.price - b.price
    )
    SELECT b.product_id::text AS key, b.account_id,
        sum(b.quantity) * max(r.lost) AS money, max(r.risen) AS usual,
        sum(b.quantity) AS base, true AS hit
    FROM line b JOIN rise r ON r.product_id = b.product_id
    WHERE b.ordered_on >= %(since)s AND b.cost IS NOT NULL{scope}
    GROUP BY 1, 2""",
    LeverCause.RETURNS: """
    , back AS (
        SELECT r.line_id, sum(r.refund) AS refund FROM crm_orderreturn r GROUP BY 1
    ), sold AS (
        SELECT b.product_id, b.account_id, sum(b.revenue) AS revenue,
            coalesce(sum(k.refund), 0) AS refund
        FROM line b LEFT JOIN back k ON k.line_id = b.id
        WHERE b.product_id IS NOT NULL AND b.ordered_on >= %(since)s
        GROUP BY 1, 2
    ), firm AS (
        SELECT sum(refund) / nullif(sum(revenue), 0) AS usual FROM sold
    ), product AS MATERIALIZED (
        SELECT product_id FROM sold, firm GROUP BY product_id, usual
        HAVING sum(refund) > usual * sum(revenue) AND count(*) >= %(fewest)s
    )
    SELECT b.product_id::text AS key, b.account_id,
        b.refund - firm.usual * b.revenue AS money, firm.usual,
        b.revenue AS base, b.refund > 0 AS hit
    FROM sold b JOIN product p ON p.product_id = b.product_id, firm
    WHERE true{scope}""",
    LeverCause.SERVE: COSTS
    + ABOVE.replace("{per}", "revenue").replace("{what}", "serve"),
    LeverCause.DELIVERY: COSTS
    + ABOVE.replace("{per}", "orders").replace("{what}", "delivery"),
    LeverCause.UNKNOWN: """
    SELECT b.product_id::text AS key, b.account_id, NULL::numeric AS money,
        NULL::numeric AS usual, sum(b.revenue) AS base, true AS hit
    FROM line b
    WHERE b.cost IS NULL AND b.product_id IS NOT NULL AND b.ordered_on >= %(since)s
        {scope}
    GROUP BY 1, 2""",
}


@dataclass(frozen=True, slots=True)
class Lever:
    """One place where margin is lost; money is None where it cannot be said."""

    cause: LeverCause
    key: str
    label: str
    money: Decimal | None
    usual: Decimal | None
    base: Decimal
    accounts: int
    url: str

    @property
    def formula(self) -> str:
        """Say in words how the money was worked out."""
        usual = self.usual if self.usual is not None else Decimal(0)
        words = {
            LeverCause.DISCOUNT: (
                f"discount less the usual {share(usual)} (median of its lines), over "
                f"{money(self.base)} of list price that got more"
            ),
            LeverCause.COST_RISE: (
                f"unit cost rose by {cents(usual)} against the time before, less what "
                f"the price rose by, × {money(self.base)} units sold"
            ),
            LeverCause.RETURNS: (
                f"refunds less the firm’s {usual:.1%} of {money(self.base)} of revenue"
            ),
            LeverCause.SERVE: (
                f"cost to serve without delivery above {usual:.3f} per unit of revenue,"
                " the median of its class"
            ),
            LeverCause.DELIVERY: (
                f"delivery cost above {cents(usual)} per order, the median of its class"
            ),
            LeverCause.UNKNOWN: (
                f"not known: {money(self.base)} of revenue has no unit cost, so its "
                "margin is assumed"
            ),
        }
        return words[self.cause]

    @property
    def sentence(self) -> str:
        who = f"{count(self.accounts)} account{'' if self.accounts == 1 else 's'}"
        return f"{self.cause.label}, {self.label}: {who}"


@dataclass(frozen=True, slots=True)
class Opportunities:
    """The ten dearest levers of the period, and what cannot be said."""

    levers: Sequence[Lever]
    unknown: Sequence[Lever]
    more_count: int

    @property
    def total(self) -> Decimal:
        return sum((one.money or Decimal(0) for one in self.levers), Decimal("0.00"))


def opportunities(scope: Scope) -> Opportunities:
    """Return the dearest levers for the accounts and the period of a page."""
    found = _levers(scope)
    known = [
        one for one in found if one.money is not None and one.money >= WORTH_TELLING
    ]
    known.sort(key=lambda one: (-(one.money or 0), one.label))
    unknown = [one for one in found if one.money is None]
    unknown.sort(key=lambda one: (-one.base, one.label))
    return Opportunities(
        known[:MOST_LEVERS], unknown[:MOST_LEVERS], max(0, len(known) - MOST_LEVERS)
    )


def _levers(scope: Scope) -> list[Lever]:
    rows = night_rows(scope)
    if rows is None:
        rows = [
            (cause, *row)
            for cause in LeverCause
            for row in summed_rows(scope, cause)
            if row[-1]
        ]
    labels = _labels(rows)
    return [
        Lever(
            cause=LeverCause(cause),
            key=key,
            label=labels[key] if key in labels else str(key),
            money=None if amount is None else Decimal(amount).quantize(CENT),
            usual=usual,
            base=Decimal(base or 0),
            accounts=hits,
            url=scope.list_url(
                "opportunity",
                cause=LeverCause(cause).value,
                at=key,
                since=scope.period.since,
                until=scope.period.until,
            ),
        )
        for cause, key, amount, usual, base, hits in rows
    ]


def summed_rows(scope: Scope, cause: LeverCause) -> list[tuple[Any, ...]]:
    """Sum up one cause from the lines and costs themselves."""
    condition, given = accounts_in(scope, "b.account_id")
    sql, params = account_rows(cause, scope.period.since, scope.period.until, condition)
    return kept_rows(
        f"""SELECT key, sum(money), max(usual), sum(base) FILTER (WHERE hit),
                count(*) FILTER (WHERE hit) FROM ({sql}) of_account
                WHERE key IS NOT NULL GROUP BY key""",
        params | given,
    )


def account_rows(
    cause: LeverCause,
    since: dt.date,
    until: dt.date,
    condition: str = "",
    *,
    lines: str = LINES,
) -> tuple[str, Params]:
    """Return the statement of one cause with its values."""
    is_rise = cause == LeverCause.COST_RISE
    params = {
        "since": since,
        "until": until,
        "before": as_long_before(since, until) if is_rise else since,
        "fewest": FEWEST_BEHIND,
        "winning": list(WINNING_KINDS),
    }
    body = STATEMENTS[cause].replace("{scope}", condition)
    return WITH_SURVIVORS + lines + body, params


def as_long_before(since: dt.date, until: dt.date) -> dt.date:
    """Return the first day of as long a time before."""
    return since - (until - since) - dt.timedelta(days=1)


def positional(sql: str, params: Params) -> tuple[str, list[Any]]:
    """Return a statement whose values stand in their order instead of by name."""
    names = re.findall(r"%\((\w+)\)s", sql)
    return re.sub(r"%\(\w+\)s", "%s", sql), [params[name] for name in names]


def _labels(rows: Sequence[Sequence[Any]]) -> dict[str, str]:
    """Return the names of classes, and of the products that the rows are about."""
    keys = {int(key) for cause, key, *_ in rows if LeverCause(cause).is_of_products}
    found = Product.objects.in_bulk(keys)
    labels: dict[str, str] = {one.value: str(one.label) for one in WorthClass}
    return labels | {str(pk): product.name for pk, product in found.items()}
