from django.db import migrations

# Words that differ from a name of the catalogue only in case and spaces mean it.
LINK = """
UPDATE crm_deal d SET rival_id = c.id, competitor = c.name
FROM crm_competitor c
WHERE d.competitor <> ''
  AND lower(regexp_replace(btrim(d.competitor), '\\s+', ' ', 'g')) = lower(c.name)
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0029_rates_rivals_and_imports")]
    operations = [migrations.RunSQL(LINK, migrations.RunSQL.noop)]
