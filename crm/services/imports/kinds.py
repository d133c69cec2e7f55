"""Loading accounts, the people there, and products."""

from crm.choices import Source, Stage
from crm.import_choices import ImportKind
from crm.models import Account, Contact, Product, User
from crm.services.imports.jobs import Report, Request
from crm.services.imports.known import find_accounts
from crm.services.imports.reading import Fields
from crm.services.imports.records import Records, import_records
from crm.services.imports.staging import run, shown

NUMBER = ("number", "account_id", "customer", "customer_id", "kunde", "kundennummer")
ADDRESS = {
    "phone": ("telephone", "tel", "telefon"),
    "email": ("e_mail", "mail", "e_mail_address"),
}


def import_accounts(request: Request, *, actor: User | None = None) -> Report:
    """Load accounts by their number; see `import_records`.

    Owner and stage are taken from the file for new accounts only; a new account needs
    a name.
    """
    return import_records(ACCOUNTS, request, actor=actor)


def import_contacts(request: Request, *, actor: User | None = None) -> Report:
    """Load people by account and e-mail address, else name; see `import_records`."""
    return import_records(CONTACTS, request, actor=actor)


def import_products(request: Request, *, actor: User | None = None) -> Report:
    """Load products by their SKU; see `import_records`."""
    return import_records(PRODUCTS, request, actor=actor)


def _find_accounts_and_owners() -> None:
    run(
        """UPDATE pg_temp.rows AS r SET pk = a.id,
               problem = CASE WHEN a.merged_into_id IS NOT NULL
                   THEN 'the account was merged into another one' END
           FROM crm_account a WHERE a.external_id = r.key AND r.problem IS NULL"""
    )
    run(
        """UPDATE pg_temp.rows AS r SET owner_pk = u.id FROM crm_user u
           WHERE u.is_active AND lower(u.email) = lower(r.owner)"""
    )
    run(
        f"""UPDATE pg_temp.rows
           SET problem = 'owner ' || {shown("owner")} || ' is nobody who signs in'
           WHERE problem IS NULL AND owner IS NOT NULL AND owner_pk IS NULL"""
    )
    # Under its number alone nobody would find the firm again, or know it on a list.
    run(
        """UPDATE pg_temp.rows SET problem = 'a new account needs a name'
           WHERE problem IS NULL AND pk IS NULL AND name IS NULL"""
    )


def _find_people() -> None:
    """Find people by address; else by name, where that names one without another."""
    find_accounts()
    run(
        """UPDATE pg_temp.rows AS r SET pk = c.id FROM crm_contact c
           WHERE r.problem IS NULL AND c.account_id = r.account_pk
             AND lower(c.email) = lower(r.email)"""
    )
    run(
        """UPDATE pg_temp.rows AS r SET pk = m.pk,
               problem = CASE WHEN m.n > 1 THEN
                   'several people there have this name; give the address' END
           FROM (SELECT w.line, min(c.id) AS pk, count(*) AS n
                 FROM pg_temp.rows w JOIN crm_contact c
                   ON c.account_id = w.account_pk AND lower(c.name) = lower(w.name)
                  AND (w.email IS NULL OR c.email = '')
                 WHERE w.problem IS NULL AND w.pk IS NULL GROUP BY w.line) AS m
           WHERE m.line = r.line"""
    )


def _find_products() -> None:
    run(
        """UPDATE pg_temp.rows AS r SET pk = p.id FROM crm_product p
           WHERE p.sku = r.key AND r.problem IS NULL"""
    )


ACCOUNTS = Records(
    kind=ImportKind.ACCOUNTS,
    model=Account,
    fields=Fields(
        {
            "account": NUMBER,
            "name": ("account_name", "company", "firm", "firma"),
            "stage": (),
            "relationship_type": ("relationship", "type"),
            "industry": ("branch", "branche"),
            "size_band": ("size", "groesse", "größe"),
            "street": ("address", "strasse", "straße"),
            "postcode": ("zip", "postal_code", "plz"),
            "city": ("town", "ort", "stadt"),
            "region": ("state",),
            "country": ("country_code", "land"),
            "phone": ADDRESS["phone"],
            "website": ("url", "web", "homepage"),
            "source": ("won_through", "quelle"),
            "owner": ("rep", "owner_email"),
            "note": ("text", "description", "bemerkung"),
        }
    ),
    key="account",
    needed=("account",),
    texts=(
        *("name", "industry", "street", "postcode", "city", "region", "country"),
        *("phone", "website", "note"),
    ),
    choices=("stage", "relationship_type", "size_band", "source"),
    links=("owner",),
    fixed=("stage", "owner"),
    find=_find_accounts_and_owners,
    new={
        "external_id": "r.key",
        "stage": f"coalesce(r.stage, '{Stage.PROSPECT.value}')",
        "source": f"coalesce(r.source, '{Source.IMPORT.value}')",
    },
)
CONTACTS = Records(
    kind=ImportKind.CONTACTS,
    model=Contact,
    fields=Fields(
        {
            "account": NUMBER,
            "name": ("contact", "person", "full_name"),
            "email": ADDRESS["email"],
            "phone": ADDRESS["phone"],
            "title": ("position", "job_title", "funktion"),
            "language": ("sprache",),
            "needs": (),
            "preferences": (),
        }
    ),
    key="account || '|' || lower(coalesce(email, name))",
    needed=("account", "name"),
    texts=("name", "email", "phone", "title", "language", "needs", "preferences"),
    links=("account",),
    find=_find_people,
)
PRODUCTS = Records(
    kind=ImportKind.PRODUCTS,
    model=Product,
    fields=Fields(
        {
            "sku": ("product", "article", "item", "artikel", "artikelnummer"),
            "name": ("product_name", "article_name", "description", "bezeichnung"),
            "category": ("group", "kategorie", "warengruppe"),
            "list_price": ("price", "preis"),
            "unit_cost": ("cost", "einkaufspreis", "kosten"),
            "term_months": ("term", "laufzeit"),
        }
    ),
    key="sku",
    needed=("sku",),
    texts=("name", "category"),
    numbers=("list_price", "unit_cost", "term_months"),
    find=_find_products,
    new={"name": "coalesce(r.name, r.key)", "sku": "r.key"},
)
