"""Loading use: rows of a file become months of use of what customers have."""

from common.clock import business_today
from crm.choices import HoldingStatus
from crm.import_choices import ImportKind
from crm.models import Usage, User
from crm.services.imports import parsing
from crm.services.imports.jobs import Importer, Report, Request, run_import
from crm.services.imports.known import find_accounts, find_products
from crm.services.imports.reading import Fields
from crm.services.imports.staging import (
    check_date_format,
    day,
    number,
    run,
    says,
)
from crm.services.usage import LONGEST_METRIC

FIELDS = Fields(
    {
        "account": ("account_id", "customer", "customer_id", "kunde", "kundennummer"),
        "sku": ("product", "article", "item", "artikel", "artikelnummer"),
        "holding": ("holding_id", "contract", "contract_id", "vertrag"),
        "serial_number": ("serial", "serial_no", "seriennummer"),
        "metric": ("measure", "what", "kennzahl"),
        "month": ("date", "day", "period", "monat", "datum"),
        "value": ("amount", "count", "usage", "wert", "verbrauch"),
    }
)


def import_usage(request: Request, *, actor: User | None = None) -> Report:
    """Load a file of monthly use; see `run_import` for what is guaranteed.

    A month that is stored with another value is corrected by the file, as on the page.
    """
    if request.date_format:
        check_date_format(request.date_format)
    importer = Importer(
        kind=ImportKind.USAGE,
        fields=FIELDS,
        numbers=("value",),
        check=parsing.needs("account", "sku", "metric", "month", "value"),
        load=_load,
        changed=(Usage,),
    )
    return run_import(importer, request, actor=actor)


def _load(request: Request, mark: str) -> tuple[int, list[str]]:
    _parse(mark, request.date_format)
    find_accounts()
    find_products()
    _find_holdings(request.source)
    _settle_repeats()
    run(
        """UPDATE pg_temp.rows AS r SET is_unchanged = true FROM crm_usage u
           WHERE r.problem IS NULL AND u.holding_id = r.holding_pk
             AND u.metric = r.metric AND u.month = r.month AND u.value = r.value"""
    )
    stored = run(
        """INSERT INTO crm_usage (holding_id, metric, month, value, value_note)
           SELECT holding_pk, metric, month, value, '' FROM pg_temp.rows
           WHERE problem IS NULL AND NOT is_unchanged ORDER BY line
           ON CONFLICT (holding_id, metric, month)
           DO UPDATE SET value = excluded.value, updated_at = now()"""
    )
    return stored, []


def _parse(mark: str, date_format: str) -> None:
    """Make the temporary table `rows` of a file of use."""
    today = business_today()
    form = date_format or "YYYY-MM, YYYY-MM-DD or DD.MM.YYYY"
    checks = [
        *parsing.required("account", "sku", "metric", "month", "value"),
        *parsing.too_long("account", "sku", "holding", "serial_number"),
        (
            f"length(plain_metric) > {LONGEST_METRIC}",
            f"'metric is longer than {LONGEST_METRIC} characters'",
        ),
        ("first_day IS NULL", says("month", f"is not a month like {form}")),
        (f"first_day > '{today}'", says("month", "lies in the future")),
        *parsing.number_checks("value"),
        ("n_value < 0", says("value", "is below 0")),
    ]
    run(
        f"""CREATE TEMP TABLE rows ON COMMIT DROP AS
        WITH whole AS MATERIALIZED (
            SELECT *, regexp_replace(metric, '\\s+', ' ', 'g') AS plain_metric,
                   CASE WHEN month ~ '^[0-9]{{4}}-[0-9]{{2}}$' THEN month || '-01'
                        ELSE month END AS a_day
            FROM pg_temp.stage
        ), given AS MATERIALIZED (
            SELECT *, {day("a_day", "")} AS plain_day,
                   {day("a_day", date_format)} AS formed_day,
                   {number("value", mark)} AS n_value
            FROM whole
        ), read AS MATERIALIZED (
            SELECT *, date_trunc('month', coalesce(
                formed_day, CASE WHEN a_day <> month THEN plain_day END))::date
                AS first_day
            FROM given
        )
        SELECT line, account, sku, holding, serial_number, plain_metric AS metric,
               first_day AS month, n_value AS value, false AS is_unchanged,
               NULL::bigint AS account_pk, NULL::bigint AS product_pk,
               NULL::integer AS term_months, NULL::bigint AS holding_pk,
               coalesce(problem, {parsing.first_of(checks)}) AS problem
        FROM read"""
    )
    run("CREATE INDEX ON pg_temp.rows (account_pk)")
    run("ANALYZE pg_temp.rows")


def _find_holdings(source: str) -> None:
    """Find what was used: by its number, or the only one of the product there then."""
    run(
        f"""UPDATE pg_temp.rows AS r SET
            holding_pk = CASE WHEN found.n = 1 THEN found.pk END,
            problem = CASE
                WHEN found.n = 0 THEN 'they had no such thing in that month'
                WHEN found.n > 1 THEN
                    'they had several of it; name its holding or serial_number' END
        FROM (
            SELECT w.line, count(h.id) AS n, min(h.id) AS pk
            FROM pg_temp.rows w LEFT JOIN crm_holding h
              ON h.account_id = w.account_pk AND h.product_id = w.product_pk
             AND date_trunc('month', h.acquired_on) <= w.month
             AND (h.ends_on IS NULL OR h.ends_on >= w.month
                  OR h.status = '{HoldingStatus.ACTIVE.value}')
             AND (w.serial_number IS NULL
                  OR lower(h.serial_number) = lower(w.serial_number))
             AND (w.holding IS NULL
                  OR (h.source = %s AND h.external_id = w.holding))
            WHERE w.problem IS NULL GROUP BY w.line
        ) AS found
        WHERE found.line = r.line""",
        [source],
    )


def _settle_repeats() -> None:
    """Of rows about one month the first counts; others are repeats, or refused."""
    run(
        """UPDATE pg_temp.rows AS r
           SET is_unchanged = r.value = first.value,
               problem = CASE WHEN r.value <> first.value THEN
                   'the month is on line ' || first.line || ' with another value' END
           FROM (SELECT DISTINCT ON (holding_pk, metric, month) *
                 FROM pg_temp.rows WHERE problem IS NULL
                 ORDER BY holding_pk, metric, month, line) AS first
           WHERE r.holding_pk = first.holding_pk AND r.metric = first.metric
             AND r.month = first.month AND r.line > first.line
             AND r.problem IS NULL"""
    )
