"""Triggers that log which tables reports read from have changed, see common/kept.py."""

from django.db import migrations

# Tables that reports sum up. `campaigns_standing` and the partitions of values are
# written past their parents: a standing is never kept, and values never change.
WATCHED = (
    "campaigns_alert",
    "campaigns_measuredeffect",
    "campaigns_planassignment",
    "campaigns_plannedtouch",
    "campaigns_planversion",
    "campaigns_retentionplan",
    "campaigns_serviceversion",
    "campaigns_servicelevel",
    "campaigns_touchexception",
    "campaigns_touchtemplate",
    "clv_accountsummary",
    "clv_assumptions",
    "clv_changerollup",
    "clv_contractvaluation",
    "clv_expansionoffer",
    "clv_expansionrate",
    "clv_likegroup",
    "clv_offerdecision",
    "clv_paybackmonth",
    "clv_valuation",
    "clv_valuationrun",
    "crm_allocation",
    "crm_allocationrule",
    "crm_case",
    "crm_caseentry",
    "crm_competitor",
    "crm_competitorpresence",
    "crm_consent",
    "crm_contact",
    "crm_deal",
    "crm_dealchange",
    "crm_dealline",
    "crm_dealstage",
    "crm_eventtype",
    "crm_holding",
    "crm_hourlyrate",
    "crm_ledgerentry",
    "crm_lifeevent",
    "crm_lifecyclestage",
    "crm_order",
    "crm_orderline",
    "crm_orderreturn",
    "crm_product",
    "crm_tag",
    "crm_account_tags",
    "crm_task",
    "crm_territory",
    "crm_touchpoint",
    "crm_usage",
    "crm_user",
    "segments_classpolicy",
    "segments_classtotal",
    "segments_cohortcell",
    "segments_leverbase",
    "segments_membership",
    "segments_nomination",
    "segments_nominationentry",
    "segments_override",
    "segments_storedfigures",
    "segments_valuetotal",
)
# Every contact touches its account's row; only these columns are read by reports.
ACCOUNT_COLUMNS = (
    "id",
    "name",
    "kind",
    "stage",
    "relationship_type",
    "industry",
    "size_band",
    "city",
    "region",
    "country",
    "source",
    "advocate_status",
    "won_from",
    "acquired_on",
    "lost_on",
    "loss_reason",
    "external_id",
    "merged_into_id",
    "owner_id",
    "parent_id",
    "referred_by_id",
    "territory_id",
)

FUNCTIONS = """
    CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO common_tablechange (relation) VALUES (TG_TABLE_NAME);
        RETURN NULL;
    END $$;
    CREATE FUNCTION note_account_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM was FULL JOIN becomes USING (id)
            WHERE ({was}) IS DISTINCT FROM ({becomes})
        ) THEN
            INSERT INTO common_tablechange (relation) VALUES (TG_TABLE_NAME);
        END IF;
        RETURN NULL;
    END $$;
""".format(
    was=", ".join(f"was.{name}" for name in ACCOUNT_COLUMNS if name != "id"),
    becomes=", ".join(f"becomes.{name}" for name in ACCOUNT_COLUMNS if name != "id"),
)
WATCH = "\n".join(
    f"""CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON {table} FOR EACH STATEMENT EXECUTE FUNCTION note_change();"""
    for table in WATCHED
)
WATCH_ACCOUNTS = """
    CREATE TRIGGER note_change AFTER INSERT OR DELETE OR TRUNCATE
        ON crm_account FOR EACH STATEMENT EXECUTE FUNCTION note_change();
    CREATE TRIGGER note_change_of_columns AFTER UPDATE ON crm_account
        REFERENCING OLD TABLE AS was NEW TABLE AS becomes
        FOR EACH STATEMENT EXECUTE FUNCTION note_account_change();
"""
UNWATCH = "\n".join(
    f"DROP TRIGGER note_change ON {table};" for table in (*WATCHED, "crm_account")
)


class Migration(migrations.Migration):
    dependencies = [
        ("config", "0001_shared_cache"),
        ("common", "0002_table_changes"),
        ("crm", "0036_gifts"),
        ("clv", "0025_response_scale"),
        ("segments", "0009_gut"),
        ("campaigns", "0015_gifts"),
    ]
    operations = [
        migrations.RunSQL(
            FUNCTIONS + WATCH + WATCH_ACCOUNTS,
            "DROP TRIGGER note_change_of_columns ON crm_account;"
            + UNWATCH
            + "DROP FUNCTION note_account_change; DROP FUNCTION note_change;",
        )
    ]
