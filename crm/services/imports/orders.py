"""Loading orders: rows of a file become accounts, products, orders, lines, returns.

Rows with the same order number are one order. Rows without a number are one order per
account and day. A bad row holds back its whole order, so that an order is stored as the
file has it or not at all.
"""

from crm.choices import OrderStatus, Source, Stage
from crm.errors import ImportRefusedError
from crm.import_choices import ImportKind
from crm.models import Account, Order, OrderLine, OrderReturn, Product, User
from crm.services.imports import parsing
from crm.services.imports.jobs import Importer, Report, Request, run_import
from crm.services.imports.reading import Fields, Layout
from crm.services.imports.returns import store_returns
from crm.services.imports.staging import (
    Given,
    ask,
    check_date_format,
    insert,
    run,
)

FIELDS = Fields(
    {
        "order_id": ("order", "order_no", "order_number", "invoice", "invoiceno",
                     "invoice_no", "transaction_id", "bestellnummer", "auftragsnummer"),
        "account": ("account_id", "customer", "customer_id", "customerid", "client",
                    "kunde", "kundennummer"),
        "account_name": ("customer_name", "name", "firma"),
        "ordered_on": ("date", "order_date", "invoicedate", "invoice_date", "datum",
                       "bestelldatum"),
        "sku": ("article", "stockcode", "product", "product_id", "artikelnummer"),
        "product_name": ("description", "article_name", "bezeichnung"),
        "quantity": ("qty", "units", "menge", "anzahl"),
        "unit_price": ("price", "unitprice", "preis", "einzelpreis"),
        "amount": ("total", "revenue", "dollar_value", "betrag", "umsatz"),
        "discount": ("rabatt",),
        "unit_cost": ("einkaufspreis", "stueckkosten"),
        "cost": ("kosten",),
        "currency": ("currency_code", "waehrung", "währung"),
    }
)  # fmt: skip
NUMBERS = ("amount", "unit_price", "discount", "unit_cost", "cost", "quantity")
CHANGED = (Account, Product, Order, OrderLine, OrderReturn)


def import_orders(request: Request, *, actor: User | None = None) -> Report:
    """Load a file of orders; see `run_import` for what is guaranteed."""
    if request.date_format:
        check_date_format(request.date_format)
    importer = Importer(
        kind=ImportKind.ORDERS,
        fields=FIELDS,
        numbers=NUMBERS,
        check=_check_columns,
        load=_load,
        changed=CHANGED,
    )
    return run_import(importer, request, actor=actor)


def _check_columns(layout: Layout) -> None:
    missing = [name for name in ("account", "ordered_on") if name not in layout.places]
    if not layout.places.keys() & {"amount", "unit_price"}:
        missing.append("amount (or unit_price)")
    if missing:
        raise ImportRefusedError(
            f"The file has no column for {', '.join(missing)}. Its columns are: "
            f"{', '.join(layout.header)}. Name them so in its first "
            "line; on a command line, --map column=field does."
        )


def _load(request: Request, mark: str) -> tuple[int, list[str]]:
    parsing.parse_orders(mark, request.date_format)
    _hold_back_orders()
    _refuse_conflicts()
    _find_accounts()
    _compare_with_stored(request.source)
    _store_accounts_and_products()
    lines = _store_orders(request.source)
    returns = store_returns(request.source)
    _follow_purchases()
    return lines + returns, _hints()


def _hold_back_orders() -> None:
    """Refuse the good rows of an order that has a bad one."""
    run(
        """UPDATE pg_temp.rows AS r
           SET problem = 'line ' || bad.line || ' of this order is refused'
           FROM (SELECT ord, min(line) AS line FROM pg_temp.rows
                 WHERE problem IS NOT NULL AND ord IS NOT NULL AND NOT is_return
                 GROUP BY ord) AS bad
           WHERE r.ord = bad.ord AND r.problem IS NULL AND NOT r.is_return"""
    )


def _refuse_conflicts() -> None:
    """Refuse rows that use the number of an order of another account or day."""
    run(
        """UPDATE pg_temp.rows AS r
           SET problem = 'the order is on line ' || first.line
               || ' with another account or day'
           FROM (SELECT DISTINCT ON (ord) ord, line, account, day FROM pg_temp.rows
                 WHERE problem IS NULL AND NOT is_return ORDER BY ord, line) AS first
           WHERE r.ord = first.ord AND r.problem IS NULL AND NOT r.is_return
             AND (r.account, r.day) IS DISTINCT FROM (first.account, first.day)"""
    )


def _find_accounts() -> None:
    """Make `accounts`: who the file names, and who of them is known already."""
    run(
        """CREATE TEMP TABLE accounts ON COMMIT DROP AS
           SELECT r.account, min(r.day) FILTER (WHERE NOT r.is_return) AS first_on,
                  (array_agg(r.account_name ORDER BY r.line)
                   FILTER (WHERE r.account_name IS NOT NULL))[1] AS name,
                  known.id
           FROM pg_temp.rows r
           LEFT JOIN crm_account known ON known.external_id = r.account
           WHERE r.problem IS NULL GROUP BY r.account, known.id"""
    )
    # A merged account's orders belong to the one that it was merged into.
    while run(
        """UPDATE pg_temp.accounts AS a SET id = known.merged_into_id
           FROM crm_account known
           WHERE known.id = a.id AND known.merged_into_id IS NOT NULL"""
    ):
        pass
    run("ANALYZE pg_temp.accounts")


def _compare_with_stored(source: str) -> None:
    """Mark rows of orders that are stored already: unchanged, new, or refused."""
    run(
        """UPDATE pg_temp.rows AS r SET order_pk = o.id
           FROM crm_order o
           WHERE o.source = %s AND o.external_id = r.ord AND r.problem IS NULL
             AND NOT r.is_return""",
        [source],
    )
    run("ANALYZE pg_temp.rows")
    run(
        """UPDATE pg_temp.rows AS r
           SET problem = 'the order is stored with another account or day'
           FROM crm_order o, pg_temp.accounts a
           WHERE o.id = r.order_pk AND a.account = r.account AND r.problem IS NULL
             AND (o.account_id, o.ordered_on) IS DISTINCT FROM (a.id, r.day)"""
    )
    run(_COMPARE_LINES)
    run(
        """UPDATE pg_temp.rows AS r SET is_unchanged = true
           FROM pg_temp.compared c WHERE c.line = r.line AND c.is_stored"""
    )
    run(
        """UPDATE pg_temp.rows AS r
           SET problem = CASE WHEN o.status = 'cancelled' THEN 'the order was cancelled'
                         ELSE 'the order is stored with other lines' END
           FROM pg_temp.compared c, crm_order o
           WHERE c.line = r.line AND o.id = r.order_pk AND NOT c.is_stored
             AND (c.lacks_stored OR o.status = 'cancelled')"""
    )


# Lines of an order are compared as a bag. Where the file does not give the unit cost,
# the stored one (then the product's of that day) is not looked at.
_COMPARE_LINES = """
    CREATE TEMP TABLE compared ON COMMIT DROP AS
    WITH known AS (
        SELECT r.line, r.order_pk, coalesce(p.id, CASE WHEN r.sku IS NULL THEN 0
               ELSE -1 END) AS product, r.q, r.p, r.d, r.c,
               bool_or(r.c IS NULL) OVER (
                   PARTITION BY r.order_pk, r.sku, r.q, r.p, r.d) AS no_cost
        FROM pg_temp.rows r LEFT JOIN crm_product p ON p.sku = r.sku
        WHERE r.order_pk IS NOT NULL AND r.problem IS NULL
    ), wanted AS (
        SELECT *, CASE WHEN no_cost THEN -1 ELSE c END AS cost,
               row_number() OVER (PARTITION BY order_pk, product, q, p, d,
                   CASE WHEN no_cost THEN -1 ELSE c END ORDER BY line) AS n
        FROM known
    ), stored AS (
        SELECT l.order_id, coalesce(l.product_id, 0) AS product, l.quantity AS q,
               l.unit_price AS p, l.discount AS d,
               CASE WHEN f.no_cost THEN -1 ELSE coalesce(l.unit_cost, -2) END AS cost,
               count(*) AS n
        FROM crm_orderline l
        LEFT JOIN (SELECT DISTINCT order_pk, product, q, p, d, no_cost FROM wanted) f
          ON f.order_pk = l.order_id AND f.product = coalesce(l.product_id, 0)
         AND f.q = l.quantity AND f.p = l.unit_price AND f.d = l.discount
        WHERE l.order_id IN (SELECT order_pk FROM wanted)
        GROUP BY 1, 2, 3, 4, 5, 6
    ), lacking AS (
        SELECT DISTINCT s.order_id FROM stored s
        LEFT JOIN (SELECT order_pk, product, q, p, d, cost, max(n) AS n
                   FROM wanted GROUP BY 1, 2, 3, 4, 5, 6) w
          ON w.order_pk = s.order_id AND w.product = s.product AND w.q = s.q
         AND w.p = s.p AND w.d = s.d AND w.cost = s.cost
        WHERE s.n > coalesce(w.n, 0)
    )
    SELECT w.line, w.n <= coalesce(s.n, 0) AS is_stored,
           l.order_id IS NOT NULL AS lacks_stored
    FROM wanted w
    LEFT JOIN stored s ON s.order_id = w.order_pk AND s.product = w.product
     AND s.q = w.q AND s.p = w.p AND s.d = w.d AND s.cost = w.cost
    LEFT JOIN lacking l ON l.order_id = w.order_pk
"""


def _store_accounts_and_products() -> None:
    insert(
        Account,
        """FROM pg_temp.accounts a
           WHERE id IS NULL AND EXISTS (SELECT FROM pg_temp.rows r
               WHERE r.account = a.account AND r.problem IS NULL AND NOT r.is_return)
           ORDER BY a.account ON CONFLICT (external_id) DO NOTHING""",
        name="coalesce(a.name, a.account)",
        stage=f"'{Stage.CUSTOMER}'",
        source=f"'{Source.IMPORT}'",
        external_id="a.account",
        acquired_on="a.first_on",
    )
    run(
        """UPDATE pg_temp.accounts AS a SET id = known.id FROM crm_account known
           WHERE a.id IS NULL AND known.external_id = a.account"""
    )
    insert(
        Product,
        """FROM (SELECT sku, (array_agg(product_name ORDER BY line)
                     FILTER (WHERE product_name IS NOT NULL))[1] AS name
                 FROM pg_temp.rows
                 WHERE problem IS NULL AND sku IS NOT NULL AND NOT is_return
                 GROUP BY sku) AS p
           ORDER BY sku ON CONFLICT (sku) DO NOTHING""",
        sku="p.sku",
        name="coalesce(p.name, p.sku)",
    )


def _store_orders(source: str) -> int:
    insert(
        Order,
        """FROM (SELECT ord, min(account) AS account, min(day) AS day, min(line) AS line
                 FROM pg_temp.rows
                 WHERE problem IS NULL AND order_pk IS NULL AND NOT is_return
                 GROUP BY ord) AS o
           JOIN pg_temp.accounts a USING (account) ORDER BY o.line""",
        account="a.id",
        ordered_on="o.day",
        status=f"'{OrderStatus.CONFIRMED}'",
        source=Given(source),
        external_id="o.ord",
    )
    # A stored order that grew is read again by the next night.
    run(
        """UPDATE crm_order SET updated_at = now(), version = version + 1
           WHERE id IN (SELECT order_pk FROM pg_temp.rows
                        WHERE problem IS NULL AND NOT is_unchanged)"""
    )
    return insert(
        OrderLine,
        """FROM pg_temp.rows r
           JOIN crm_order o ON o.source = %s AND o.external_id = r.ord
           LEFT JOIN crm_product p ON p.sku = r.sku
           WHERE r.problem IS NULL AND NOT r.is_return AND NOT r.is_unchanged
           ORDER BY r.line""",
        [source],
        order="o.id",
        account="o.account_id",
        ordered_on="o.ordered_on",
        status="o.status",
        product="p.id",
        quantity="r.q",
        unit_price="r.p",
        discount="r.d",
        unit_cost="coalesce(r.c, p.unit_cost)",
    )


def _follow_purchases() -> None:
    """Let stage and first day of the accounts follow their new orders."""
    run(
        """UPDATE crm_account AS k
           SET acquired_on = least(k.acquired_on, n.first_on),
               stage = CASE WHEN k.stage = 'prospect' OR k.lost_on < n.last_on
                       THEN 'customer' ELSE k.stage END,
               loss_reason = CASE WHEN k.lost_on < n.last_on THEN ''
                             ELSE k.loss_reason END,
               lost_on = CASE WHEN k.lost_on < n.last_on THEN NULL ELSE k.lost_on END,
               version = k.version + 1, updated_at = now()
           FROM (SELECT a.id, min(r.day) AS first_on, max(r.day) AS last_on
                 FROM pg_temp.rows r JOIN pg_temp.accounts a USING (account)
                 WHERE r.problem IS NULL AND NOT r.is_return AND NOT r.is_unchanged
                 GROUP BY a.id) AS n
           WHERE k.id = n.id AND (k.acquired_on IS NULL OR k.acquired_on > n.first_on
               OR k.stage = 'prospect' OR k.lost_on < n.last_on)"""
    )


def _hints() -> list[str]:
    """Say what is stored as it stands but looks odd."""
    repeats = ask(
        """SELECT coalesce(sum(n - 1), 0) FROM (
               SELECT count(*) AS n FROM pg_temp.rows
               WHERE problem IS NULL AND NOT is_return AND has_order_id
               GROUP BY ord, sku, q, p, d, c HAVING count(*) > 1) AS same"""
    )[0]
    if not repeats:
        return []
    hint = "rows repeat an earlier row of the same order exactly; each counts."
    return [f"{repeats:,} {hint}"]
