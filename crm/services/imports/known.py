"""What rows of a file name: accounts and products that are there already."""

from crm.services.imports.staging import run, shown


def find_accounts() -> None:
    """Fill `account_pk` with the account named, or what it was merged into."""
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
        f"""UPDATE pg_temp.rows
           SET problem = 'the account ' || {shown("account")} || ' is not known'
           WHERE problem IS NULL AND account IS NOT NULL AND account_pk IS NULL"""
    )


def find_products() -> None:
    """Fill `product_pk` with the product named, and `term_months` with its term."""
    run(
        """UPDATE pg_temp.rows AS r SET product_pk = p.id, term_months = p.term_months
           FROM crm_product p WHERE p.sku = r.sku"""
    )
    run(
        f"""UPDATE pg_temp.rows
           SET problem = 'the product ' || {shown("sku")} || ' is not known'
           WHERE problem IS NULL AND product_pk IS NULL"""
    )
