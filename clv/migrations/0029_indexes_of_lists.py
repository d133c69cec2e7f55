from django.db import migrations


class Migration(migrations.Migration):
    """Values are indexed for lists after they are published, not by publishing them.

    The indexes of the whole table go; attaching a partition built them. Those of the
    partitions that are there stay, by the names that later runs give theirs: a
    partition is taken off before they go and put back after. No value is read.
    """

    dependencies = [("clv", "0028_packed_sums")]
    operations = [
        migrations.RunSQL(
            """
            DO $$
            DECLARE
                kept record;
                tables text[];
                bounds text[];
            BEGIN
                FOR kept IN
                    SELECT had.relname AS was, c.relname || suffix AS becomes
                    FROM (
                        VALUES ('valuation_by_clv', '_by_clv'),
                            ('valuation_by_future', '_by_future'),
                            ('valuation_prospects', '_prospects')
                    ) named (whole, suffix)
                    JOIN pg_inherits h ON h.inhparent = whole::regclass
                    JOIN pg_index i ON i.indexrelid = h.inhrelid
                    JOIN pg_class had ON had.oid = i.indexrelid
                    JOIN pg_class c ON c.oid = i.indrelid
                    WHERE had.relname <> c.relname || suffix
                LOOP
                    EXECUTE format(
                        'ALTER INDEX %I RENAME TO %I', kept.was, kept.becomes
                    );
                END LOOP;
                SELECT coalesce(array_agg(c.oid::regclass::text), '{}'),
                    array_agg(pg_get_expr(c.relpartbound, c.oid))
                INTO tables, bounds
                FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
                WHERE h.inhparent = 'clv_valuation'::regclass;
                FOR n IN 1 .. cardinality(tables) LOOP
                    EXECUTE format(
                        'ALTER TABLE clv_valuation DETACH PARTITION %s', tables[n]
                    );
                END LOOP;
                DROP INDEX valuation_by_clv, valuation_by_future, valuation_prospects;
                FOR n IN 1 .. cardinality(tables) LOOP
                    EXECUTE format(
                        'ALTER TABLE clv_valuation ATTACH PARTITION %s %s',
                        tables[n], bounds[n]
                    );
                END LOOP;
            END $$
            """,
            """
            CREATE INDEX valuation_by_clv ON clv_valuation (clv, account_id);
            CREATE INDEX valuation_by_future ON clv_valuation (future_value, account_id);
            CREATE INDEX valuation_prospects ON clv_valuation (trait_code, account_id)
                WHERE order_days = 0;
            """,
        )
    ]
