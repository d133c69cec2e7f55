"""What other assumptions would do to values and classes, side by side with a run.

Both sides are classed by the rule that counts now and from where each account stood
before the run's day, so that whatever differs is due to the assumptions alone.
"""

from typing import Any

from django.db import connection

from clv.models import ValuationRun
from segments.choices import WorthClass
from segments.models import ClassPolicy
from segments.policy import LEAST_THRESHOLD
from segments.queries.rule import BEFORE_THE_DAY, rule_parameters, ruled

MOST_NAMED = 20
AMOUNTS = ("clv", "future_value", "realised_profit", "equity")
EFFECT = "pg_temp.segments_effect"


def effect_of(
    *, before: ValuationRun, after: ValuationRun, values: str
) -> dict[str, Any]:
    """Return totals, classes and who is moved most, from before to after, as JSON.

    `values` is the table that holds what the run `after` says of the accounts of the
    run `before`; it need not be published. Amounts are texts of cents; those of the
    classes sum to the totals. Call it in a transaction.
    """
    with connection.cursor() as cursor:
        policy = ClassPolicy.objects.current() or ClassPolicy(
            realised_threshold=LEAST_THRESHOLD, expected_threshold=LEAST_THRESHOLD
        )
        for name, run, table in (
            ("before", before, "clv_valuation"),
            ("after", after, values),
        ):
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.segments_{name}")
            cursor.execute(
                f"CREATE TEMPORARY TABLE segments_{name} ON COMMIT DROP AS"
                " SELECT account_id, worth_class"
                f" FROM ({ruled(table, BEFORE_THE_DAY)}) ruled",
                rule_parameters(run, policy),
            )
            cursor.execute(f"ANALYZE pg_temp.segments_{name}")
        cursor.execute(f"DROP TABLE IF EXISTS {EFFECT}")
        cursor.execute(STAGE.format(values=values), {"run": before.pk})
        cursor.execute(f"ANALYZE {EFFECT}")
        return {
            "totals": _totals(cursor),
            "classes": _classes(cursor),
            "moves": _moves(cursor, "was", "becomes"),
            "changed_class": _named(cursor, "was <> becomes"),
            "moved_most": _named(cursor, "clv_before <> clv_after"),
            "break_even": _moves(cursor, "break_even_before", "break_even_after"),
            "break_even_dates": _dates(cursor),
        }


_PAIRS = ", ".join(
    f"b.{name} AS {name}_before, a.{name} AS {name}_after"
    for name in (
        "clv",
        "future_value",
        "realised_profit",
        "break_even",
        "break_even_on",
    )
)
STAGE = f"""
    CREATE TEMPORARY TABLE segments_effect ON COMMIT DROP AS
    SELECT b.account_id, x.worth_class AS was, y.worth_class AS becomes, {_PAIRS},
        CASE WHEN b.order_days > 0 THEN b.future_value ELSE 0 END AS equity_before,
        CASE WHEN b.order_days > 0 THEN a.future_value ELSE 0 END AS equity_after
    FROM clv_valuation b JOIN {{values}} a ON a.account_id = b.account_id
    JOIN pg_temp.segments_before x ON x.account_id = b.account_id
    JOIN pg_temp.segments_after y ON y.account_id = b.account_id
    WHERE b.run_id = %(run)s
"""


def _sums(side: str) -> str:
    return ", ".join(
        f"coalesce(sum({name}_{side}), 0.00)::numeric(18, 2)::text" for name in AMOUNTS
    )


def _totals(cursor: Any) -> dict[str, Any]:
    cursor.execute(
        f"SELECT count(*), {_sums('before')}, {_sums('after')} FROM {EFFECT}"
    )
    accounts, *sums = cursor.fetchone()
    return {"accounts": accounts} | _pairs(sums)


def _pairs(sums: list[str]) -> dict[str, list[str]]:
    """Pair the amounts of before with those of after."""
    both = zip(sums[: len(AMOUNTS)], sums[len(AMOUNTS) :], strict=True)
    return dict(zip(AMOUNTS, map(list, both), strict=True))


def _classes(cursor: Any) -> list[dict[str, Any]]:
    found: dict[str, dict[str, list[Any]]] = {}
    for side, column in (("before", "was"), ("after", "becomes")):
        cursor.execute(
            f"SELECT {column}, count(*), {_sums(side)} FROM {EFFECT} GROUP BY 1"
        )
        found[side] = {row[0]: row[1:] for row in cursor.fetchall()}
    nothing = [0, *("0.00" for _ in AMOUNTS)]
    rows = []
    for worth_class in WorthClass:
        was = found["before"].get(worth_class, nothing)
        becomes = found["after"].get(worth_class, nothing)
        rows.append(
            {
                "key": str(worth_class.value),
                "label": str(worth_class.label),
                "accounts": [was[0], becomes[0]],
            }
            | _pairs([*was[1:], *becomes[1:]])
        )
    return rows


def _moves(cursor: Any, first: str, second: str) -> list[dict[str, Any]]:
    cursor.execute(
        f"SELECT {first}, {second}, count(*) FROM {EFFECT}"
        f" WHERE {first} <> {second} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    )
    return [
        {"from": was, "to": becomes, "accounts": count}
        for was, becomes, count in cursor.fetchall()
    ]


def _named(cursor: Any, condition: str) -> list[dict[str, Any]]:
    """Return the accounts with the most money at stake among those that qualify."""
    cursor.execute(
        f"""
        SELECT e.account_id, a.name, e.was, e.becomes, e.clv_before::text,
            e.clv_after::text
        FROM {EFFECT} e JOIN crm_account a ON a.id = e.account_id
        WHERE {condition}
        ORDER BY abs(e.clv_after - e.clv_before) DESC, e.account_id
        LIMIT {MOST_NAMED}
        """
    )
    return [
        {"account": pk, "name": name, "from": was, "to": becomes, "clv": [low, high]}
        for pk, name, was, becomes, low, high in cursor.fetchall()
    ]


def _dates(cursor: Any) -> dict[str, int]:
    """Count whose expected break-even stays expected and comes on another day."""
    cursor.execute(
        f"""
        SELECT count(*) FILTER (WHERE break_even_on_after < break_even_on_before),
            count(*) FILTER (WHERE break_even_on_after > break_even_on_before)
        FROM {EFFECT} WHERE break_even_before = break_even_after
        """
    )
    earlier, later = cursor.fetchone()
    return {"earlier": earlier, "later": later}
