"""Loading costs: rows of a file become ledger rows, each once."""

from crm.choices import ImportKind
from crm.errors import ImportRefusedError
from crm.models import LedgerEntry, User
from crm.services.imports import parsing
from crm.services.imports.jobs import Importer, Report, Request, run_import
from crm.services.imports.reading import Fields, Layout
from crm.services.imports.staging import Given, check_date_format, insert, run

FIELDS = Fields(
    {
        "id": ("cost_id", "entry", "entry_id", "belegnummer"),
        "account": ("account_id", "customer", "customer_id", "kunde", "kundennummer"),
        "kind": ("cost_kind", "type", "art", "kostenart"),
        "amount": ("cost", "total", "betrag", "kosten"),
        "incurred_on": ("date", "day", "datum"),
        "document": ("voucher", "invoice", "beleg"),
        "note": ("text", "description", "bemerkung"),
        "currency": ("currency_code", "waehrung", "währung"),
    }
)


def import_costs(request: Request, *, actor: User | None = None) -> Report:
    """Load a file of costs; see `run_import` for what is guaranteed.

    A row without an account is a shared cost, to be spread by an allocation.
    """
    if request.date_format:
        check_date_format(request.date_format)
    importer = Importer(
        kind=ImportKind.COSTS,
        fields=FIELDS,
        numbers=("amount",),
        check=_check_columns,
        load=_load,
        changed=(LedgerEntry,),
    )
    return run_import(importer, request, actor=actor)


def _check_columns(layout: Layout) -> None:
    needed = ("kind", "amount", "incurred_on")
    missing = [name for name in needed if name not in layout.places]
    if missing:
        raise ImportRefusedError(
            f"The file has no column for {', '.join(missing)}. Its columns are: "
            f"{', '.join(layout.header)}. Name them with --map column=field."
        )


def _load(request: Request, mark: str) -> tuple[int, list[str]]:
    parsing.parse_costs(mark, request.date_format)
    _find_accounts()
    _settle_repeats()
    _compare_with_stored(request.source)
    stored = insert(
        LedgerEntry,
        """FROM pg_temp.rows r WHERE r.problem IS NULL AND NOT r.is_unchanged
           ORDER BY r.line""",
        account="r.account_pk",
        kind="r.kind",
        amount="r.amount",
        incurred_on="r.day",
        document="r.document",
        note="r.note",
        source=Given(request.source),
        external_id="r.external_id",
    )
    return stored, []


def _find_accounts() -> None:
    run(
        """WITH RECURSIVE survivor (external_id, id, merged_into_id) AS (
               SELECT external_id, id, merged_into_id FROM crm_account
               WHERE external_id IN (SELECT account FROM pg_temp.rows)
               UNION ALL
               SELECT s.external_id, a.id, a.merged_into_id
               FROM survivor s JOIN crm_account a ON a.id = s.merged_into_id
           )
           UPDATE pg_temp.rows AS r SET account_pk = s.id FROM survivor s
           WHERE s.external_id = r.account AND s.merged_into_id IS NULL"""
    )
    run(
        """UPDATE pg_temp.rows
           SET problem = 'the account ' || quote_literal(left(account, 40))
               || ' is not known'
           WHERE problem IS NULL AND account IS NOT NULL AND account_pk IS NULL"""
    )


def _content(alias: str) -> str:
    names = ("account_pk", "kind", "amount", "day", "document", "note")
    return f"ROW({', '.join(f'{alias}.{name}' for name in names)})"


def _settle_repeats() -> None:
    """Of rows with one id the first counts; others are repeats, or refused."""
    same = f"{_content('r')} IS NOT DISTINCT FROM {_content('first')}"
    run(
        f"""UPDATE pg_temp.rows AS r
            SET is_unchanged = {same},
                problem = CASE WHEN NOT ({same}) THEN
                    'the id is on line ' || first.line || ' with other content' END
            FROM (SELECT DISTINCT ON (external_id) * FROM pg_temp.rows
                  WHERE problem IS NULL ORDER BY external_id, line) AS first
            WHERE r.external_id = first.external_id AND r.line > first.line
              AND r.problem IS NULL"""
    )


def _compare_with_stored(source: str) -> None:
    run(
        f"""UPDATE pg_temp.rows AS r
            SET is_unchanged = true,
                problem = CASE WHEN {_content("r")} IS DISTINCT FROM
                    ROW(e.account_id, e.kind, e.amount, e.incurred_on, e.document,
                        e.note)
                    THEN 'the id is stored with other content' END
            FROM crm_ledgerentry e
            WHERE e.source = %s AND e.external_id = r.external_id
              AND r.problem IS NULL""",
        [source],
    )
