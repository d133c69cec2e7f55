"""Loading costs: rows of a file become ledger rows, each once."""

from crm.import_choices import ImportKind
from crm.models import LedgerEntry, User
from crm.services.imports import parsing
from crm.services.imports.jobs import Importer, Report, Request, run_import
from crm.services.imports.known import find_accounts
from crm.services.imports.reading import Fields
from crm.services.imports.staging import (
    Given,
    check_date_format,
    insert,
    record_of,
    run,
    settle_repeats,
)

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

CONTENT = ("account_pk", "kind", "amount", "day", "document", "note")


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
        check=parsing.needs("kind", "amount", "incurred_on"),
        load=_load,
        changed=(LedgerEntry,),
    )
    return run_import(importer, request, actor=actor)


def _load(request: Request, mark: str) -> tuple[int, list[str]]:
    parsing.parse_costs(mark, request.date_format)
    find_accounts()
    settle_repeats(CONTENT)
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
        import_job=Given(request.job_id),
        external_id="r.external_id",
    )
    return stored, []


def _compare_with_stored(source: str) -> None:
    run(
        f"""UPDATE pg_temp.rows AS r
            SET is_unchanged = true,
                problem = CASE WHEN {record_of("r", CONTENT)} IS DISTINCT FROM
                    ROW(e.account_id, e.kind, e.amount, e.incurred_on, e.document,
                        e.note)
                    THEN 'the id is stored with other content' END
            FROM crm_ledgerentry e
            WHERE e.source = %s AND e.external_id = r.external_id
              AND r.problem IS NULL""",
        [source],
    )
