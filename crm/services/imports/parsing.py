"""From text to values, in SQL: `stage` becomes `rows`, each with its first problem."""

from collections.abc import Callable

from django.conf import settings

from common.clock import business_today
from crm.choices import CostKind
from crm.errors import ImportRefusedError
from crm.models.products import LONGEST_TERM
from crm.services.imports.reading import Layout
from crm.services.imports.staging import day, number, run, says, too_precise

EARLIEST = "1970-01-01"
LONGEST = {
    "order_id": 100,
    "account": 100,
    "account_name": 300,
    "sku": 60,
    "product_name": 300,
    "id": 100,
    "document": 150,
    "note": 300,
    "serial_number": 100,
    "holding": 100,
}
# What the columns hold: digits before the point, places behind it.
LIMITS = {
    "quantity": (10**9, 3),
    "unit_price": (10**10, 4),
    "unit_cost": (10**10, 4),
    "amount": (10**12, 2),
    "discount": (10**12, 2),
    "cost": (10**12, 2),
    "value": (10**11, 3),
    "list_price": (10**10, 4),
    "term_months": (LONGEST_TERM + 1, 0),
}


def parse_orders(mark: str, date_format: str) -> None:
    """Make the temporary table `rows` of an orders file.

    `ord` names the order, `q`, `p`, `d`, `c` are quantity, unit price, discount and
    unit cost as they will be stored. An amount alone is one piece at that price.
    """
    numbers = ("quantity", "unit_price", "amount", "discount", "unit_cost", "cost")
    checks = [
        *required("account"),
        *too_long("account", "order_id", "account_name", "sku", "product_name"),
        *_day_checks("ordered_on", date_format),
        *_currency_checks(),
        *(check for name in numbers for check in number_checks(name)),
        *_order_checks(),
    ]
    run(
        f"""CREATE TEMP TABLE rows ON COMMIT DROP AS
        WITH numbers AS MATERIALIZED (
            SELECT *, {day("ordered_on", date_format)} AS day,
                   {", ".join(f"{number(n, mark)} AS n_{n}" for n in numbers)}
            FROM pg_temp.stage
        ), checked AS MATERIALIZED (
            SELECT *, coalesce(problem, {first_of(checks)}) AS found,
                   coalesce(n_quantity, n_amount, 1) < 0 AS is_return,
                   abs(coalesce(n_quantity, 1)) AS q,
                   coalesce(n_discount, 0) AS off
            FROM numbers
        ), priced AS MATERIALIZED (
            -- The price is rounded up to four places; the discount takes it back.
            SELECT *, CASE WHEN found IS NOT NULL THEN NULL
                      ELSE coalesce(n_unit_price,
                          ceil((abs(n_amount) + off) / q * 10000) / 10000) END AS p
            FROM checked
        )
        SELECT line, account, account_name, sku, product_name, day, is_return,
               order_id IS NOT NULL AS has_order_id,
               coalesce(order_id, CASE WHEN length(account) <= 80 THEN account
                   ELSE md5(account) END || '@' || day) AS ord,
               q, p,
               CASE WHEN n_unit_price IS NULL
                    THEN round(q * p, 2) - abs(n_amount) ELSE off END AS d,
               coalesce(n_unit_cost, round(abs(n_cost) / nullif(q, 0), 4)) AS c,
               false AS is_unchanged, NULL::bigint AS order_pk,
               coalesce(found, CASE
                   WHEN q * p - off < 0 AND n_unit_price IS NOT NULL
                   THEN 'the discount is larger than the price'
                   WHEN q * p >= 1e12 THEN 'the amount is too large'
                   WHEN n_unit_price IS NOT NULL
                        AND round(q * p - off, 2) <> abs(n_amount)
                   THEN {says("amount", "is not quantity × unit_price − discount")}
               END) AS problem
        FROM priced"""
    )
    run("CREATE INDEX ON pg_temp.rows (ord)")
    run("ANALYZE pg_temp.rows")


def parse_costs(mark: str, date_format: str) -> None:
    """Make the temporary table `rows` of a costs file."""
    words = {kind.label.lower(): kind.value for kind in CostKind}
    words |= {kind.value: kind.value for kind in CostKind}
    kinds = ", ".join(f"('{word}', '{value}')" for word, value in words.items())
    checks = [
        *required("kind"),
        *too_long("account", "id", "document", "note"),
        ("k.value IS NULL", says("kind", "is no kind of cost")),
        *_day_checks("incurred_on", date_format),
        *_currency_checks(),
        ("amount IS NULL", "'amount is missing'"),
        *number_checks("amount", may_be_negative=True),
        ("n_amount = 0", "'the amount is 0'"),
    ]
    run(
        f"""CREATE TEMP TABLE rows ON COMMIT DROP AS
        WITH numbers AS MATERIALIZED (
            SELECT s.*, {day("incurred_on", date_format)} AS day,
                   {number("amount", mark)} AS n_amount
            FROM pg_temp.stage s
        ), checked AS MATERIALIZED (
            SELECT n.*, k.value AS kind_value,
                   coalesce(problem, {first_of(checks)}) AS found
            FROM numbers n LEFT JOIN (VALUES {kinds}) AS k (word, value)
              ON k.word = lower(n.kind)
        )
        SELECT line, account, kind_value AS kind, n_amount AS amount, day,
               coalesce(document, '') AS document, coalesce(note, '') AS note,
               id IS NOT NULL AS has_id,
               coalesce(id, 'row:' || md5(concat_ws('|', account, kind_value, n_amount,
                   day, document, note)) || '/' || row_number() OVER (
                   PARTITION BY id, account, kind_value, n_amount, day, document, note
                   ORDER BY line)) AS external_id,
               false AS is_unchanged, NULL::bigint AS account_pk, found AS problem
        FROM checked"""
    )
    run("CREATE INDEX ON pg_temp.rows (external_id)")
    run("ANALYZE pg_temp.rows")


def needs(*names: str) -> Callable[[Layout], None]:
    """Return a check that refuses a file without a column for each of `names`."""

    def check(layout: Layout) -> None:
        missing = [name for name in names if name not in layout.places]
        if missing:
            raise ImportRefusedError(
                f"The file has no column for {', '.join(missing)}. Its columns are: "
                f"{', '.join(layout.header)}. Name them so in its first "
                "line; on a command line, --map column=field does."
            )

    return check


# -- Checks: a condition and the reason it gives, in order of looking ------------------

Check = tuple[str, str]


def first_of(checks: list[Check]) -> str:
    cases = "\n".join(f"WHEN {condition} THEN {reason}" for condition, reason in checks)
    return f"CASE {cases} END"


def required(*names: str) -> list[Check]:
    return [(f"{name} IS NULL", f"'{name} is missing'") for name in names]


def too_long(*names: str) -> list[Check]:
    return [
        (f"length({n}) > {LONGEST[n]}", f"'{n} is longer than {LONGEST[n]} characters'")
        for n in names
    ]


def _day_checks(name: str, date_format: str) -> list[Check]:
    form = date_format or "YYYY-MM-DD, YYYYMMDD or DD.MM.YYYY"
    return [
        *required(name),
        ("day IS NULL", says(name, f"is not a date like {form}")),
        (f"day > '{business_today()}'", says(name, "lies in the future")),
        (f"day < '{EARLIEST}'", says(name, "lies before 1970")),
    ]


def _currency_checks() -> list[Check]:
    wanted = settings.CURRENCY
    return [
        (f"upper(currency) <> '{wanted}'", says("currency", f"is not {wanted}")),
    ]


def number_checks(name: str, *, may_be_negative: bool = False) -> list[Check]:
    limit, places = LIMITS[name]
    checks = [
        (f"{name} IS NOT NULL AND n_{name} IS NULL", says(name, "is not a number")),
        (f"abs(n_{name}) >= {limit}", says(name, "is too large")),
        (too_precise(name, places), says(name, f"has more than {places} decimals")),
    ]
    # Quantity and amount below 0 are returns; a return's cost may be written so too.
    if name in {"unit_price", "discount", "unit_cost"} and not may_be_negative:
        checks.append((f"n_{name} < 0", says(name, "is below 0")))
    return checks


def _order_checks() -> list[Check]:
    is_return = "coalesce(n_quantity, n_amount) < 0"
    return [
        ("n_unit_price IS NULL AND n_amount IS NULL",
         "'neither amount nor unit_price is given'"),
        ("n_quantity = 0", "'the quantity is 0'"),
        ("n_quantity > 0 AND n_amount < 0", says("amount", "is below 0")),
        ("n_quantity IS NULL AND n_cost < 0 AND n_amount >= 0",
         says("cost", "is below 0")),
        (f"{is_return} AND (order_id IS NULL OR sku IS NULL)",
         "'a return needs the order_id and the sku it belongs to'"),
    ]  # fmt: skip
