"""Loading what customers have: rows of a file become holdings, each once."""

from common.clock import business_today
from crm import policy
from crm.choices import HoldingStatus
from crm.import_choices import ImportKind
from crm.models import Holding, User
from crm.services import holding_rules
from crm.services.imports import parsing
from crm.services.imports.jobs import Importer, Report, Request, run_import
from crm.services.imports.known import find_accounts, find_products
from crm.services.imports.reading import Fields
from crm.services.imports.staging import (
    Given,
    check_date_format,
    day,
    insert,
    number,
    run,
    says,
    settle_repeats,
)

FIELDS = Fields(
    {
        "id": ("holding", "holding_id", "contract", "contract_id", "vertrag"),
        "account": ("account_id", "customer", "customer_id", "kunde", "kundennummer"),
        "sku": ("product", "article", "item", "artikel", "artikelnummer"),
        "quantity": ("qty", "count", "pieces", "menge", "anzahl"),
        "acquired_on": ("since", "start", "begin", "date", "seit", "beginn"),
        "ends_on": ("until", "end", "expires", "bis", "ende"),
        "serial_number": ("serial", "serial_no", "seriennummer"),
        "note": ("text", "description", "bemerkung"),
    }
)

SAME = (
    "account_pk",
    "product_pk",
    "quantity",
    "acquired_on",
    "ends_on",
    "serial_number",
    "note",
)


def import_holdings(request: Request, *, actor: User | None = None) -> Report:
    """Load a file of what customers have; see `run_import` for what is guaranteed.

    The rules are those of the page. A row whose end is past is stored as ended. What
    was stored before stays as it is now, whatever happened to it since.
    """
    if request.date_format:
        check_date_format(request.date_format)
    importer = Importer(
        kind=ImportKind.HOLDINGS,
        fields=FIELDS,
        numbers=("quantity",),
        check=parsing.needs("account", "sku", "acquired_on"),
        load=_load,
        changed=(Holding,),
    )
    return run_import(importer, request, actor=actor)


def _load(request: Request, mark: str) -> tuple[int, list[str]]:
    _parse(mark, request.date_format)
    find_accounts()
    find_products()
    settle_repeats(SAME)
    _compare_with_stored(request.source)
    for condition, reason in _CLASHES:
        run(_CLASH.format(condition=condition, reason=reason))
    for condition, reason in _CLASHES_WITHIN:
        run(_CLASH_WITHIN.format(condition=condition, reason=reason))
    stored = insert(
        Holding,
        """FROM pg_temp.rows r WHERE r.problem IS NULL AND NOT r.is_unchanged
           ORDER BY r.line""",
        account="r.account_pk",
        product="r.product_pk",
        quantity="r.quantity",
        acquired_on="r.acquired_on",
        ends_on="r.ends_on",
        status="r.status",
        serial_number="r.serial_number",
        note="r.note",
        source=Given(request.source),
        external_id="r.external_id",
    )
    return stored, []


def _parse(mark: str, date_format: str) -> None:
    """Make the temporary table `rows` of a file of holdings."""
    today = business_today()
    furthest = today + policy.FURTHEST_END_AHEAD
    form = date_format or "YYYY-MM-DD, YYYYMMDD or DD.MM.YYYY"
    checks = [
        *parsing.required("account", "sku", "acquired_on"),
        *parsing.too_long("account", "id", "sku", "serial_number", "note"),
        ("begun IS NULL", says("acquired_on", f"is not a date like {form}")),
        (f"begun > '{today}'", says("acquired_on", "lies in the future")),
        (
            f"begun < '{holding_rules.EARLIEST}'",
            says("acquired_on", "is too long ago"),
        ),
        (
            "ends_on IS NOT NULL AND ended IS NULL",
            says("ends_on", f"is not a date like {form}"),
        ),
        ("ended < begun", says("ends_on", "is before it begins")),
        (f"ended > '{furthest}'", says("ends_on", "is over thirty years ahead")),
        *parsing.number_checks("quantity"),
        ("n_quantity <= 0", says("quantity", "is not above 0")),
    ]
    content = "account, sku, n_quantity, begun, ended, serial_number, note"
    run(
        f"""CREATE TEMP TABLE rows ON COMMIT DROP AS
        WITH read AS MATERIALIZED (
            SELECT s.*, {day("acquired_on", date_format)} AS begun,
                   {day("ends_on", date_format)} AS ended,
                   {number("quantity", mark)} AS n_quantity
            FROM pg_temp.stage s
        ), checked AS MATERIALIZED (
            SELECT *, coalesce(problem, {parsing.first_of(checks)}) AS found FROM read
        )
        SELECT line, account, sku, coalesce(n_quantity, 1) AS quantity,
               begun AS acquired_on, ended AS ends_on,
               CASE WHEN ended < '{today}' THEN '{HoldingStatus.ENDED.value}'
                    ELSE '{HoldingStatus.ACTIVE.value}' END AS status,
               coalesce(serial_number, '') AS serial_number,
               coalesce(note, '') AS note,
               coalesce(id, 'row:' || md5(concat_ws('|', {content}))) AS external_id,
               false AS is_unchanged, NULL::bigint AS account_pk,
               NULL::bigint AS product_pk, NULL::integer AS term_months,
               found AS problem
        FROM checked"""
    )
    run("CREATE INDEX ON pg_temp.rows (external_id)")
    run("CREATE INDEX ON pg_temp.rows (sku, account)")
    run("ANALYZE pg_temp.rows")


def _compare_with_stored(source: str) -> None:
    """Know again what was loaded before: by what it is, not by how it ended since."""
    run(
        """UPDATE pg_temp.rows AS r
           SET is_unchanged = true,
               problem = CASE WHEN ROW(r.account_pk, r.product_pk)
                       IS DISTINCT FROM ROW(h.account_id, h.product_id)
                   THEN 'the id is stored for another account or product' END
           FROM crm_holding h
           WHERE h.source = %s AND h.external_id = r.external_id
             AND r.problem IS NULL""",
        [source],
    )


# What the page refuses too (crm/services/holding_rules.py): with what is stored, and
# among the rows of the file, of which the first counts.
_RUNNING = """r.term_months IS NOT NULL
    AND (h.ends_on IS NULL OR h.ends_on > r.acquired_on)
    AND (r.ends_on IS NULL OR h.acquired_on < r.ends_on)
    AND h.{account} = r.account_pk"""
_SERIAL = "r.serial_number <> '' AND lower(h.serial_number) = lower(r.serial_number)"
_TWIN = """h.{account} = r.account_pk AND h.acquired_on = r.acquired_on
    AND h.quantity = r.quantity AND lower(h.serial_number) = lower(r.serial_number)"""
_CLASHES = (
    (_SERIAL, "'a customer has the number ' || quote_literal(r.serial_number)"),
    (_RUNNING.format(account="account_id"), "'a contract for it runs at that time'"),
    (
        f"{_TWIN.format(account='account_id')} AND h.order_line_id IS NULL",
        "'the same product, quantity and day are there already'",
    ),
)
_CLASHES_WITHIN = (
    (_SERIAL, "'the number is on line ' || h.line || ' too'"),
    (
        _RUNNING.format(account="account_pk"),
        "'the contract on line ' || h.line || ' runs at that time'",
    ),
    (
        _TWIN.format(account="account_pk"),
        "'the same stands on line ' || h.line || '; give a serial number'",
    ),
)
_CLASH = """
UPDATE pg_temp.rows AS r SET problem = {reason}
FROM crm_holding h
WHERE r.problem IS NULL AND NOT r.is_unchanged AND r.status = 'active'
  AND h.status = 'active' AND h.product_id = r.product_pk AND {condition}
"""
_CLASH_WITHIN = """
UPDATE pg_temp.rows AS r SET problem = {reason}
FROM pg_temp.rows h
WHERE r.problem IS NULL AND NOT r.is_unchanged AND r.status = 'active'
  AND h.problem IS NULL AND NOT h.is_unchanged AND h.status = 'active'
  AND h.line < r.line AND h.product_pk = r.product_pk AND {condition}
"""
