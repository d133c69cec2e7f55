from django.db import migrations


class Migration(migrations.Migration):
    """A line's account, day and status are its order's, kept so by the database."""

    dependencies = [("crm", "0001_initial")]
    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE crm_orderline ADD CONSTRAINT line_follows_its_order
                FOREIGN KEY (order_id, account_id, ordered_on, status)
                REFERENCES crm_order (id, account_id, ordered_on, status)
                ON UPDATE CASCADE ON DELETE CASCADE
            """,
            "ALTER TABLE crm_orderline DROP CONSTRAINT line_follows_its_order",
        )
    ]
