"""All of the first twenty-six migrations in one, for databases that begin now.

One that has run them keeps them: Django tells by `replaces`. The model operations are
generated and folded, each model with its rules; what the rest does is copied.
"""

import common.folding
import crm.models.users
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.functions.math
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

ROLES = ["rep", "manager", "marketer", "administrator"]
# Key, name, icon, importance, tone, recurs yearly.
EVENT_TYPES = [
    ("moved", "Moved or opened a site", "truck", 2, "neutral", False),
    ("new_manager", "New manager", "user-round-plus", 3, "neutral", False),
    ("expansion", "Grows or hires", "trending-up", 2, "good", False),
    ("cutback", "Cuts back", "trending-down", 2, "bad", False),
    ("merger", "Merger or takeover", "git-merge", 3, "neutral", False),
    ("competitor_offer", "Competitor made an offer", "swords", 3, "bad", False),
    ("complaint", "Complaint", "message-square-warning", 2, "bad", False),
    ("contract_ends", "Contract ends", "file-clock", 3, "neutral", False),
    ("anniversary", "Anniversary", "cake", 1, "good", True),
    ("birth", "Birth in the family", "baby", 1, "good", True),
]
# Name, chance believed at first, days after which a deal is called stale.
DEAL_STAGES = [
    ("Enquiry", "0.100", 14),
    ("Needs known", "0.250", 21),
    ("Offer made", "0.450", 21),
    ("Negotiation", "0.700", 14),
]
LOSS_REASONS = [
    "Price",
    "Went to a competitor",
    "No budget",
    "No decision",
    "Does not fit the need",
    "Delivery time",
    "Other",
]
LINES_FOLLOW = """
    ALTER TABLE crm_orderline ADD CONSTRAINT line_follows_its_order
        FOREIGN KEY (order_id, account_id, ordered_on, status)
        REFERENCES crm_order (id, account_id, ordered_on, status)
        ON UPDATE CASCADE ON DELETE CASCADE
"""
LIFECYCLE_STAGES = [
    # key, name, play, account stage, orders from, idle days from, customer days to
    ("lost", "Lost", "Ask why, and note the answer. Win back only who is worth it.", "former", None, None, None),
    ("prospect", "Prospect", "Find out who decides, what they want to reach, and when.", "prospect", None, None, None),
    ("slipping", "Slipping", "Call the buyer this week; ask what changed and what would help.", "customer", None, 180, None),
    ("new", "New", "Welcome, check the first delivery, meet the people who use it.", "customer", None, None, 90),
    ("growing", "Growing", "Offer what goes with what they have; agree on a goal for the year.", "customer", 3, None, 730),
    ("established", "Established", "Keep the promise: regular contact, review goals, ask for a referral.", "customer", 3, None, None),
    ("occasional", "Occasional", "Find the need behind the orders; make the next order easy.", "customer", None, None, None),
]
BENEFITS = {
    "transactional": ("Orders without obligations, list price.", "Little effort; often a first step."),
    "contract": ("Fixed prices, delivery first, one person to call.", "Foreseeable margin for the term."),
    "partner": ("Plans made together, new products first, a yearly review.", "Share of wallet, referrals, early knowledge of needs."),
    "reseller": ("Trade prices, material to sell with.", "Customers that we do not reach ourselves."),
}


def let_lines_follow(apps, schema_editor):
    """Let the database keep a line's account, day and status as its order's are.

    Deferred, for it needs a rule of the order that is deferred, too.
    """
    schema_editor.deferred_sql.append(LINES_FOLLOW)


def fill(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    group.objects.bulk_create([group(name=name) for name in ROLES])
    event_type = apps.get_model("crm", "EventType")
    looks = ("key", "name", "icon", "importance", "tone", "recurs_yearly")
    event_type.objects.bulk_create(
        [event_type(**dict(zip(looks, row, strict=True))) for row in EVENT_TYPES]
    )
    fill_deals(apps)
    fill_lifecycle(apps)


def fill_deals(apps):
    stage = apps.get_model("crm", "DealStage")
    stage.objects.bulk_create(
        [
            stage(
                name=name,
                position=position,
                prior_chance=Decimal(chance),
                stale_after_days=days,
            )
            for position, (name, chance, days) in enumerate(DEAL_STAGES, start=1)
        ]
    )
    reason = apps.get_model("crm", "DealLossReason")
    reason.objects.bulk_create([reason(name=name) for name in LOSS_REASONS])


def fill_lifecycle(apps):
    stage = apps.get_model("crm", "LifecycleStage")
    names = ("key", "name", "play", "account_stage", "orders_from", "idle_days_from", "customer_days_to")
    stage.objects.bulk_create(
        stage(position=10 * n, **dict(zip(names, row, strict=True)))
        for n, row in enumerate(LIFECYCLE_STAGES, 1)
    )
    profile = apps.get_model("crm", "RelationshipProfile")
    profile.objects.bulk_create(
        profile(key=key, for_them=them, for_us=us)
        for key, (them, us) in BENEFITS.items()
    )


class Migration(migrations.Migration):

    replaces = [('crm', '0001_initial'), ('crm', '0002_lines_follow_their_order'), ('crm', '0003_roles_and_event_types'), ('crm', '0004_order_version'), ('crm', '0005_lines_count_orders'), ('crm', '0006_product_term'), ('crm', '0007_leaner_indexes'), ('crm', '0008_people_and_their_proof'), ('crm', '0009_single_keys'), ('crm', '0010_deals'), ('crm', '0011_first_deal_stages'), ('crm', '0012_timeline_indexes'), ('crm', '0013_folded_search'), ('crm', '0014_products_and_wallet'), ('crm', '0015_timeline_filters_and_pins'), ('crm', '0016_event_catalogue'), ('crm', '0017_event_type_looks'), ('crm', '0018_lists_tags_and_views'), ('crm', '0019_holdings_by_day'), ('crm', '0020_goals_and_journal'), ('crm', '0021_lifecycle'), ('crm', '0022_first_lifecycle_stages'), ('crm', '0023_incoming_contacts'), ('crm', '0024_merges'), ('crm', '0025_calendar_feed'), ('crm', '0026_notifications')]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='AllocationRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('name', models.CharField(max_length=150, unique=True)),
                ('kind', models.CharField(choices=[('acquisition', 'Acquisition'), ('onboarding', 'Onboarding'), ('marketing', 'Marketing'), ('account_management', 'Account management'), ('service', 'Service'), ('delivery', 'Delivery'), ('returns', 'Returns'), ('credit', 'Credit and collection'), ('other', 'Other')], max_length=20)),
                ('driver', models.CharField(choices=[('orders', 'Number of orders'), ('revenue', 'Revenue'), ('minutes', 'Minutes of contact'), ('equal', 'Equal shares')], max_length=10)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='AttributeDefinition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('key', models.SlugField(unique=True)),
                ('label', models.CharField(max_length=100)),
                ('type', models.CharField(choices=[('text', 'Text'), ('number', 'Number'), ('date', 'Date'), ('yes_no', 'Yes or no')], max_length=10)),
            ],
            options={
                'ordering': ['label'],
            },
        ),
        migrations.CreateModel(
            name='LifecycleStage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('key', models.SlugField(max_length=30, unique=True)),
                ('name', models.CharField(max_length=60)),
                ('position', models.PositiveSmallIntegerField()),
                ('play', models.TextField(blank=True, default='')),
                ('account_stage', models.CharField(blank=True, choices=[('prospect', 'Prospect'), ('customer', 'Customer'), ('former', 'Former customer')], default='', max_length=10)),
                ('orders_from', models.PositiveIntegerField(blank=True, null=True)),
                ('idle_days_from', models.PositiveIntegerField(blank=True, null=True)),
                ('customer_days_to', models.PositiveIntegerField(blank=True, null=True)),
            ],
            options={
                'ordering': ['position', 'pk'],
                'triggers': [pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."account_stage" IS DISTINCT FROM (NEW."account_stage") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."customer_days_to" IS DISTINCT FROM (NEW."customer_days_to") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."idle_days_from" IS DISTINCT FROM (NEW."idle_days_from") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."orders_from" IS DISTINCT FROM (NEW."orders_from") OR OLD."play" IS DISTINCT FROM (NEW."play") OR OLD."position" IS DISTINCT FROM (NEW."position") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "crm_lifecyclestageevent" ("account_stage", "created_at", "customer_days_to", "id", "idle_days_from", "key", "name", "orders_from", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "play", "position", "version") VALUES (NEW."account_stage", NEW."created_at", NEW."customer_days_to", NEW."id", NEW."idle_days_from", NEW."key", NEW."name", NEW."orders_from", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."play", NEW."position", NEW."version"); RETURN NULL;', hash='f9deeccbbd24077f4cddda1a4b9e9b824cdb66cf', operation='UPDATE', pgid='pgtrigger_update_update_17390', table='crm_lifecyclestage', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "crm_lifecyclestageevent" ("account_stage", "created_at", "customer_days_to", "id", "idle_days_from", "key", "name", "orders_from", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "play", "position", "version") VALUES (OLD."account_stage", OLD."created_at", OLD."customer_days_to", OLD."id", OLD."idle_days_from", OLD."key", OLD."name", OLD."orders_from", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."play", OLD."position", OLD."version"); RETURN NULL;', hash='a3d5ed1fcc9c58e4b63b3f7698939419107216e2', operation='DELETE', pgid='pgtrigger_delete_delete_a60e8', table='crm_lifecyclestage', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='LifecycleStageEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('key', models.SlugField(db_index=False, max_length=30)),
                ('name', models.CharField(max_length=60)),
                ('position', models.PositiveSmallIntegerField()),
                ('play', models.TextField(blank=True, default='')),
                ('account_stage', models.CharField(blank=True, choices=[('prospect', 'Prospect'), ('customer', 'Customer'), ('former', 'Former customer')], default='', max_length=10)),
                ('orders_from', models.PositiveIntegerField(blank=True, null=True)),
                ('idle_days_from', models.PositiveIntegerField(blank=True, null=True)),
                ('customer_days_to', models.PositiveIntegerField(blank=True, null=True)),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='crm.lifecyclestage')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RelationshipProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('key', models.CharField(choices=[('transactional', 'Buys now and then'), ('contract', 'Framework contract'), ('partner', 'Partner'), ('reseller', 'Reseller'), ('', 'Not known')], max_length=20, unique=True)),
                ('for_them', models.TextField(blank=True, default='')),
                ('for_us', models.TextField(blank=True, default='')),
            ],
            options={
                'ordering': ['key'],
                'triggers': [pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."for_them" IS DISTINCT FROM (NEW."for_them") OR OLD."for_us" IS DISTINCT FROM (NEW."for_us") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "crm_relationshipprofileevent" ("created_at", "for_them", "for_us", "id", "key", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (NEW."created_at", NEW."for_them", NEW."for_us", NEW."id", NEW."key", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."version"); RETURN NULL;', hash='bf5726e6597a92753af611571314c176ca26487c', operation='UPDATE', pgid='pgtrigger_update_update_95ff1', table='crm_relationshipprofile', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "crm_relationshipprofileevent" ("created_at", "for_them", "for_us", "id", "key", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (OLD."created_at", OLD."for_them", OLD."for_us", OLD."id", OLD."key", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."version"); RETURN NULL;', hash='15413e9c2bdc7d1b75b10374c814c2170d0d7e5d', operation='DELETE', pgid='pgtrigger_delete_delete_c6843', table='crm_relationshipprofile', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='RelationshipProfileEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('key', models.CharField(choices=[('transactional', 'Buys now and then'), ('contract', 'Framework contract'), ('partner', 'Partner'), ('reseller', 'Reseller'), ('', 'Not known')], max_length=20)),
                ('for_them', models.TextField(blank=True, default='')),
                ('for_us', models.TextField(blank=True, default='')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='crm.relationshipprofile')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Tag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('name', models.CharField(max_length=60)),
                ('colour', models.CharField(choices=[('grey', 'Grey'), ('green', 'Green'), ('blue', 'Blue'), ('amber', 'Amber'), ('red', 'Red'), ('violet', 'Violet')], default='grey', max_length=10)),
            ],
            options={
                'ordering': ['name', 'pk'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='tag_name_unique_any_case'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='tag_has_a_name')],
            },
        ),
        migrations.CreateModel(
            name='Territory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('name', models.CharField(max_length=150)),
                ('hourly_cost', models.DecimalField(decimal_places=2, default=Decimal('60.00'), max_digits=8)),
                ('single_keys', models.BooleanField(db_default=True, default=True)),
                ('wants_digest', models.BooleanField(db_default=True, default=True)),
                ('digest_on', models.DateField(blank=True, editable=False, help_text='the last day on which the daily mail was seen to', null=True)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ('territory', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='users', to='crm.territory')),
            ],
            options={
                'ordering': ['name', 'pk'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_unique_any_case'), models.CheckConstraint(condition=models.Q(('hourly_cost__gte', 0)), name='user_hourly_cost_not_below_0')],
            },
            managers=[
                ('objects', crm.models.users.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('list_key', models.CharField(choices=[('accounts', 'Accounts'), ('contacts', 'Contacts'), ('prospects', 'Prospects'), ('tasks', 'Tasks')], max_length=20)),
                ('name', models.CharField(max_length=80)),
                ('query', models.CharField(blank=True, default='', max_length=2000)),
                ('is_shared', models.BooleanField(default=False)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
                ('pinned_by', models.ManyToManyField(blank=True, related_name='pinned_views', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('owner', 'list_key', 'name'), name='view_name_once_per_owner'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='view_has_a_name')],
            },
        ),
        migrations.CreateModel(
            name='ListPreference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('list_key', models.CharField(choices=[('accounts', 'Accounts'), ('contacts', 'Contacts'), ('prospects', 'Prospects'), ('tasks', 'Tasks')], max_length=20)),
                ('columns', models.JSONField(blank=True, default=list)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='list_preferences', to=settings.AUTH_USER_MODEL)),
                ('opens_with', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.savedview')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'list_key'), name='preference_once_per_list')],
            },
        ),
        migrations.CreateModel(
            name='TimelineFilter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(max_length=1000)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='timeline_filters', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['position', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('user', 'name'), name='timeline_filter_name_once'), models.CheckConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), models.Q(('query', ''), _negated=True)), name='timeline_filter_says_something')],
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('name', models.CharField(max_length=300)),
                ('kind', models.CharField(choices=[('firm', 'Firm'), ('person', 'Person')], db_default='firm', default='firm', max_length=10)),
                ('stage', models.CharField(choices=[('prospect', 'Prospect'), ('customer', 'Customer'), ('former', 'Former customer')], default='prospect', max_length=10)),
                ('relationship_type', models.CharField(blank=True, choices=[('transactional', 'Buys now and then'), ('contract', 'Framework contract'), ('partner', 'Partner'), ('reseller', 'Reseller'), ('', 'Not known')], default='', max_length=20)),
                ('industry', models.CharField(blank=True, default='', max_length=80)),
                ('size_band', models.CharField(blank=True, choices=[('1-9', '1 to 9 people'), ('10-49', '10 to 49 people'), ('50-249', '50 to 249 people'), ('250+', '250 people and more'), ('', 'Not known')], default='', max_length=10)),
                ('street', models.CharField(blank=True, db_default='', default='', help_text='and number', max_length=200)),
                ('postcode', models.CharField(blank=True, db_default='', default='', max_length=20)),
                ('city', models.CharField(blank=True, default='', max_length=100)),
                ('region', models.CharField(blank=True, default='', max_length=100)),
                ('country', models.CharField(blank=True, default='', max_length=2)),
                ('phone', models.CharField(blank=True, default='', max_length=40)),
                ('website', models.URLField(blank=True, default='')),
                ('note', models.TextField(blank=True, default='')),
                ('source', models.CharField(blank=True, choices=[('referral', 'Referral'), ('outbound', 'Outbound sales'), ('trade_fair', 'Trade fair'), ('web', 'Website'), ('advertising', 'Advertising'), ('partner', 'Partner'), ('import', 'Imported'), ('', 'Not known')], default='', max_length=20)),
                ('advocate_status', models.CharField(blank=True, choices=[('asked', 'Asked to recommend us'), ('willing', 'Would recommend us'), ('active', 'Recommends us'), ('reference', 'Named reference'), ('', 'Not known')], db_default='', default='', max_length=10)),
                ('won_from', models.CharField(blank=True, default='', max_length=100)),
                ('acquired_on', models.DateField(blank=True, null=True)),
                ('lost_on', models.DateField(blank=True, null=True)),
                ('loss_reason', models.CharField(blank=True, choices=[('price', 'Price'), ('competitor', 'Went to a competitor'), ('service', 'Unhappy with service'), ('no_need', 'No need any more'), ('closed', 'Closed down'), ('other', 'Other'), ('', 'Not known')], default='', max_length=20)),
                ('external_id', models.CharField(blank=True, max_length=100, null=True)),
                ('attributes', models.JSONField(blank=True, default=dict)),
                ('last_contact_on', models.DateField(blank=True, editable=False, null=True)),
                ('search', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector(common.folding.Folded('name'), common.folding.Folded('city'), common.folding.Folded('external_id'), config='simple'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='duplicates', to='crm.account')),
                ('owner', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to=settings.AUTH_USER_MODEL)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='crm.account')),
                ('referred_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='referrals', to='crm.account')),
                ('tags', models.ManyToManyField(blank=True, related_name='accounts', to='crm.tag')),
                ('territory', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='crm.territory')),
            ],
            options={
                'ordering': ['name', 'pk'],
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['search'], name='account_search'), models.Index(fields=['name', 'id'], name='account_by_name'), models.Index(fields=['last_contact_on', 'id'], name='account_by_contact'), models.Index(fields=['owner', 'id'], name='account_by_owner'), models.Index(fields=['city', 'id'], name='account_by_city'), models.Index(fields=['industry', 'id'], name='account_by_industry'), models.Index(fields=['stage', 'id'], name='account_by_stage')],
                'constraints': [models.UniqueConstraint(fields=('external_id',), name='account_external_id_unique'), models.CheckConstraint(condition=models.Q(('lost_on', None), ('acquired_on', None), ('lost_on__gte', models.F('acquired_on')), _connector='OR'), name='account_lost_after_acquired'), models.CheckConstraint(condition=models.Q(('merged_into', models.F('id')), _negated=True), name='account_not_merged_into_itself'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='account_has_a_name')],
                'triggers': [pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."acquired_on" IS DISTINCT FROM (NEW."acquired_on") OR OLD."advocate_status" IS DISTINCT FROM (NEW."advocate_status") OR OLD."attributes" IS DISTINCT FROM (NEW."attributes") OR OLD."city" IS DISTINCT FROM (NEW."city") OR OLD."country" IS DISTINCT FROM (NEW."country") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."external_id" IS DISTINCT FROM (NEW."external_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."industry" IS DISTINCT FROM (NEW."industry") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."loss_reason" IS DISTINCT FROM (NEW."loss_reason") OR OLD."lost_on" IS DISTINCT FROM (NEW."lost_on") OR OLD."merged_into_id" IS DISTINCT FROM (NEW."merged_into_id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."note" IS DISTINCT FROM (NEW."note") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."parent_id" IS DISTINCT FROM (NEW."parent_id") OR OLD."phone" IS DISTINCT FROM (NEW."phone") OR OLD."postcode" IS DISTINCT FROM (NEW."postcode") OR OLD."referred_by_id" IS DISTINCT FROM (NEW."referred_by_id") OR OLD."region" IS DISTINCT FROM (NEW."region") OR OLD."relationship_type" IS DISTINCT FROM (NEW."relationship_type") OR OLD."size_band" IS DISTINCT FROM (NEW."size_band") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."stage" IS DISTINCT FROM (NEW."stage") OR OLD."street" IS DISTINCT FROM (NEW."street") OR OLD."territory_id" IS DISTINCT FROM (NEW."territory_id") OR OLD."version" IS DISTINCT FROM (NEW."version") OR OLD."website" IS DISTINCT FROM (NEW."website") OR OLD."won_from" IS DISTINCT FROM (NEW."won_from"))', func='INSERT INTO "crm_accountevent" ("acquired_on", "advocate_status", "attributes", "city", "country", "created_at", "external_id", "id", "industry", "kind", "loss_reason", "lost_on", "merged_into_id", "name", "note", "owner_id", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "postcode", "referred_by_id", "region", "relationship_type", "size_band", "source", "stage", "street", "territory_id", "version", "website", "won_from") VALUES (NEW."acquired_on", NEW."advocate_status", NEW."attributes", NEW."city", NEW."country", NEW."created_at", NEW."external_id", NEW."id", NEW."industry", NEW."kind", NEW."loss_reason", NEW."lost_on", NEW."merged_into_id", NEW."name", NEW."note", NEW."owner_id", NEW."parent_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."phone", NEW."postcode", NEW."referred_by_id", NEW."region", NEW."relationship_type", NEW."size_band", NEW."source", NEW."stage", NEW."street", NEW."territory_id", NEW."version", NEW."website", NEW."won_from"); RETURN NULL;', hash='7d94fc19a2c1718f5aeb91f3e4b8739fcaff7f25', operation='UPDATE', pgid='pgtrigger_update_update_01161', table='crm_account', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "crm_accountevent" ("acquired_on", "advocate_status", "attributes", "city", "country", "created_at", "external_id", "id", "industry", "kind", "loss_reason", "lost_on", "merged_into_id", "name", "note", "owner_id", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "postcode", "referred_by_id", "region", "relationship_type", "size_band", "source", "stage", "street", "territory_id", "version", "website", "won_from") VALUES (OLD."acquired_on", OLD."advocate_status", OLD."attributes", OLD."city", OLD."country", OLD."created_at", OLD."external_id", OLD."id", OLD."industry", OLD."kind", OLD."loss_reason", OLD."lost_on", OLD."merged_into_id", OLD."name", OLD."note", OLD."owner_id", OLD."parent_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."phone", OLD."postcode", OLD."referred_by_id", OLD."region", OLD."relationship_type", OLD."size_band", OLD."source", OLD."stage", OLD."street", OLD."territory_id", OLD."version", OLD."website", OLD."won_from"); RETURN NULL;', hash='5ab67a0f6f8532eb31e9661bf1a8a54e53fbda2a', operation='DELETE', pgid='pgtrigger_delete_delete_89bba', table='crm_account', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='LifecycleStay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateField()),
                ('until', models.DateField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, db_default='', default='', max_length=300)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stays', to='crm.account')),
                ('set_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('stage', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stays', to='crm.lifecyclestage')),
            ],
            options={
                'ordering': ['-since', '-pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('until', None)), fields=('account',), name='one_open_stay'), models.CheckConstraint(condition=models.Q(('until', None), ('until__gte', models.F('since')), _connector='OR'), name='stay_ends_after_its_begin')],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('mention', 'Mentioned'), ('account', 'Account given'), ('task', 'Task given'), ('merge', 'Account merged')], max_length=10)),
                ('text', models.CharField(max_length=700)),
                ('url', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
                'indexes': [models.Index(fields=['user', '-created_at', '-id'], name='notification_by_user'), models.Index(condition=models.Q(('read_at', None)), fields=['user'], name='notification_unread')],
            },
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('ordered_on', models.DateField()),
                ('status', models.CharField(choices=[('confirmed', 'Confirmed'), ('cancelled', 'Cancelled')], default='confirmed', max_length=10)),
                ('source', models.CharField(default='api', max_length=40)),
                ('external_id', models.CharField(max_length=100)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='crm.account')),
            ],
            options={
                'ordering': ['-ordered_on', '-pk'],
                'indexes': [models.Index(fields=['account', 'ordered_on'], name='order_by_account'), models.Index(fields=['updated_at'], name='order_by_change')],
                'constraints': [models.UniqueConstraint(fields=('source', 'external_id'), name='order_once_per_source'), models.UniqueConstraint(fields=('id', 'account', 'ordered_on', 'status'), name='order_facts_for_lines')],
            },
        ),
        migrations.CreateModel(
            name='WalletEstimate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('category', models.CharField(max_length=100)),
                ('amount', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('estimated_on', models.DateField()),
                ('source', models.CharField(choices=[('customer', 'The customer said so'), ('document', 'Seen on paper'), ('industry', 'Usual in the industry'), ('guess', 'Our own guess')], max_length=12)),
                ('note', models.CharField(blank=True, default='', max_length=300)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='wallet_estimates', to='crm.account')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['category', '-estimated_on', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount', None), ('amount__gt', 0), _connector='OR'), name='wallet_estimate_above_0'), models.CheckConstraint(condition=models.Q(('category', ''), _negated=True), name='wallet_estimate_has_a_category')],
            },
        ),
        migrations.CreateModel(
            name='AccountEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('name', models.CharField(max_length=300)),
                ('kind', models.CharField(choices=[('firm', 'Firm'), ('person', 'Person')], db_default='firm', default='firm', max_length=10)),
                ('stage', models.CharField(choices=[('prospect', 'Prospect'), ('customer', 'Customer'), ('former', 'Former customer')], default='prospect', max_length=10)),
                ('relationship_type', models.CharField(blank=True, choices=[('transactional', 'Buys now and then'), ('contract', 'Framework contract'), ('partner', 'Partner'), ('reseller', 'Reseller'), ('', 'Not known')], default='', max_length=20)),
                ('industry', models.CharField(blank=True, default='', max_length=80)),
                ('size_band', models.CharField(blank=True, choices=[('1-9', '1 to 9 people'), ('10-49', '10 to 49 people'), ('50-249', '50 to 249 people'), ('250+', '250 people and more'), ('', 'Not known')], default='', max_length=10)),
                ('street', models.CharField(blank=True, db_default='', default='', help_text='and number', max_length=200)),
                ('postcode', models.CharField(blank=True, db_default='', default='', max_length=20)),
                ('city', models.CharField(blank=True, default='', max_length=100)),
                ('region', models.CharField(blank=True, default='', max_length=100)),
                ('country', models.CharField(blank=True, default='', max_length=2)),
                ('phone', models.CharField(blank=True, default='', max_length=40)),
                ('website', models.URLField(blank=True, default='')),
                ('note', models.TextField(blank=True, default='')),
                ('source', models.CharField(blank=True, choices=[('referral', 'Referral'), ('outbound', 'Outbound sales'), ('trade_fair', 'Trade fair'), ('web', 'Website'), ('advertising', 'Advertising'), ('partner', 'Partner'), ('import', 'Imported'), ('', 'Not known')], default='', max_length=20)),
                ('advocate_status', models.CharField(blank=True, choices=[('asked', 'Asked to recommend us'), ('willing', 'Would recommend us'), ('active', 'Recommends us'), ('reference', 'Named reference'), ('', 'Not known')], db_default='', default='', max_length=10)),
                ('won_from', models.CharField(blank=True, default='', max_length=100)),
                ('acquired_on', models.DateField(blank=True, null=True)),
                ('lost_on', models.DateField(blank=True, null=True)),
                ('loss_reason', models.CharField(blank=True, choices=[('price', 'Price'), ('competitor', 'Went to a competitor'), ('service', 'Unhappy with service'), ('no_need', 'No need any more'), ('closed', 'Closed down'), ('other', 'Other'), ('', 'Not known')], default='', max_length=20)),
                ('external_id', models.CharField(blank=True, max_length=100, null=True)),
                ('attributes', models.JSONField(blank=True, default=dict)),
                ('merged_into', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.account')),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('parent', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.account')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='crm.account')),
                ('referred_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.account')),
                ('territory', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.territory')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AccountMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('undone_at', models.DateTimeField(null=True)),
                ('moved', models.JSONField(default=dict)),
                ('before', models.JSONField(default=dict)),
                ('after', models.JSONField(default=dict)),
                ('tags', models.JSONField(default=list)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('merged', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.account')),
                ('survivor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.account')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-made_at', '-pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('undone_at', None)), fields=('merged',), name='merged_once'), models.CheckConstraint(condition=models.Q(('survivor', models.F('merged')), _negated=True), name='merge_of_two_accounts')],
            },
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(max_length=60)),
                ('subject_type', models.CharField(blank=True, default='', max_length=60)),
                ('subject_id', models.BigIntegerField(blank=True, null=True)),
                ('detail', models.JSONField(blank=True, default=dict)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-at', '-pk'],
                'indexes': [models.Index(fields=['subject_type', 'subject_id', '-at'], name='audit_by_subject')],
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='9e96760d12500bc56b33ad59425ecf0dcbd4b14b', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_0021f', table='crm_auditevent', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='BulkEdit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('list_key', models.CharField(choices=[('accounts', 'Accounts'), ('contacts', 'Contacts'), ('prospects', 'Prospects'), ('tasks', 'Tasks')], max_length=20)),
                ('action', models.CharField(max_length=20)),
                ('summary', models.CharField(max_length=300)),
                ('detail', models.JSONField(blank=True, default=dict)),
                ('row_count', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='BulkEditRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('record_id', models.BigIntegerField()),
                ('before', models.JSONField(blank=True, null=True)),
                ('edit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='crm.bulkedit')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='calendar_feed', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Competitor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('name', models.CharField(max_length=200)),
                ('website', models.URLField(blank=True, default='')),
                ('note', models.TextField(blank=True, default='')),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['name', 'pk'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='competitor_name_unique'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='competitor_has_a_name')],
            },
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('name', models.CharField(max_length=300)),
                ('title', models.CharField(blank=True, default='', max_length=150)),
                ('email', models.EmailField(blank=True, default='', max_length=254)),
                ('phone', models.CharField(blank=True, default='', max_length=40)),
                ('decision_role', models.CharField(blank=True, choices=[('economic_buyer', 'Economic buyer'), ('decider', 'Decider'), ('influencer', 'Influencer'), ('user', 'User'), ('technical', 'Technical evaluator'), ('gatekeeper', 'Gatekeeper'), ('champion', 'Champion'), ('', 'Not known')], default='', max_length=20)),
                ('influence', models.PositiveSmallIntegerField(blank=True, help_text='1 little, 5 decisive; empty when not known', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('attitude', models.CharField(blank=True, choices=[('supporter', 'Supporter'), ('neutral', 'Neutral'), ('critic', 'Critic'), ('', 'Not known')], default='', max_length=10)),
                ('needs', models.TextField(blank=True, default='')),
                ('preferences', models.TextField(blank=True, default='')),
                ('preferred_channel', models.CharField(blank=True, choices=[('phone', 'Call'), ('email', 'E-mail'), ('meeting', 'Meeting'), ('visit', 'Visit'), ('message', 'Message'), ('post', 'Post'), ('web', 'Web'), ('chat', 'Chat'), ('social', 'Social'), ('event', 'Event'), ('note', 'Note')], db_default='', default='', max_length=10)),
                ('preferred_time', models.CharField(blank=True, db_default='', default='', max_length=100)),
                ('language', models.CharField(blank=True, db_default='', default='', max_length=40)),
                ('topics', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('socials', models.JSONField(blank=True, default=dict)),
                ('do_not_contact', models.BooleanField(default=False)),
                ('do_not_contact_reason', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('left_on', models.DateField(blank=True, null=True)),
                ('search', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector(common.folding.Folded('name'), common.folding.Folded('email'), config='simple'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contacts', to='crm.account')),
                ('moved_from', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='moves', to='crm.contact')),
                ('successor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='predecessors', to='crm.contact')),
                ('tags', models.ManyToManyField(blank=True, related_name='contacts', to='crm.tag')),
            ],
            options={
                'ordering': ['name', 'pk'],
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['search'], name='contact_search'), models.Index(fields=['name', 'id'], name='contact_by_name')],
                'constraints': [models.CheckConstraint(condition=models.Q(('influence', None), ('influence__range', (1, 5)), _connector='OR'), name='contact_influence_1_to_5'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='contact_has_a_name')],
                'triggers': [pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."attitude" IS DISTINCT FROM (NEW."attitude") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."decision_role" IS DISTINCT FROM (NEW."decision_role") OR OLD."do_not_contact" IS DISTINCT FROM (NEW."do_not_contact") OR OLD."do_not_contact_reason" IS DISTINCT FROM (NEW."do_not_contact_reason") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."influence" IS DISTINCT FROM (NEW."influence") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."left_on" IS DISTINCT FROM (NEW."left_on") OR OLD."moved_from_id" IS DISTINCT FROM (NEW."moved_from_id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."needs" IS DISTINCT FROM (NEW."needs") OR OLD."phone" IS DISTINCT FROM (NEW."phone") OR OLD."preferences" IS DISTINCT FROM (NEW."preferences") OR OLD."preferred_channel" IS DISTINCT FROM (NEW."preferred_channel") OR OLD."preferred_time" IS DISTINCT FROM (NEW."preferred_time") OR OLD."socials" IS DISTINCT FROM (NEW."socials") OR OLD."successor_id" IS DISTINCT FROM (NEW."successor_id") OR OLD."title" IS DISTINCT FROM (NEW."title") OR OLD."topics" IS DISTINCT FROM (NEW."topics") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "crm_contactevent" ("account_id", "attitude", "created_at", "decision_role", "do_not_contact", "do_not_contact_reason", "email", "id", "influence", "language", "left_on", "moved_from_id", "name", "needs", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "preferences", "preferred_channel", "preferred_time", "socials", "successor_id", "title", "topics", "version") VALUES (NEW."account_id", NEW."attitude", NEW."created_at", NEW."decision_role", NEW."do_not_contact", NEW."do_not_contact_reason", NEW."email", NEW."id", NEW."influence", NEW."language", NEW."left_on", NEW."moved_from_id", NEW."name", NEW."needs", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."phone", NEW."preferences", NEW."preferred_channel", NEW."preferred_time", NEW."socials", NEW."successor_id", NEW."title", NEW."topics", NEW."version"); RETURN NULL;', hash='947a5595ede5b00b52251530499639380d537b07', operation='UPDATE', pgid='pgtrigger_update_update_eb23d', table='crm_contact', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "crm_contactevent" ("account_id", "attitude", "created_at", "decision_role", "do_not_contact", "do_not_contact_reason", "email", "id", "influence", "language", "left_on", "moved_from_id", "name", "needs", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "preferences", "preferred_channel", "preferred_time", "socials", "successor_id", "title", "topics", "version") VALUES (OLD."account_id", OLD."attitude", OLD."created_at", OLD."decision_role", OLD."do_not_contact", OLD."do_not_contact_reason", OLD."email", OLD."id", OLD."influence", OLD."language", OLD."left_on", OLD."moved_from_id", OLD."name", OLD."needs", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."phone", OLD."preferences", OLD."preferred_channel", OLD."preferred_time", OLD."socials", OLD."successor_id", OLD."title", OLD."topics", OLD."version"); RETURN NULL;', hash='483a1b4f2207b76b2d9fece9c5be764b6e2d0cae', operation='DELETE', pgid='pgtrigger_delete_delete_c9be7', table='crm_contact', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='Touchpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('phone', 'Call'), ('email', 'E-mail'), ('meeting', 'Meeting'), ('visit', 'Visit'), ('message', 'Message'), ('post', 'Post'), ('web', 'Web'), ('chat', 'Chat'), ('social', 'Social'), ('event', 'Event'), ('note', 'Note')], max_length=10)),
                ('direction', models.CharField(blank=True, choices=[('out', 'We reached out'), ('in', 'They reached out'), ('', 'Neither')], default='out', max_length=3)),
                ('occurred_at', models.DateTimeField()),
                ('minutes', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('note', models.TextField(blank=True, default='')),
                ('outcome', models.CharField(blank=True, choices=[('ok', 'Went well'), ('neutral', 'Neutral'), ('bad', 'Went badly'), ('no_answer', 'No answer'), ('', 'Not said')], default='', max_length=10)),
                ('phase', models.CharField(blank=True, choices=[('before', 'Before purchase'), ('during', 'During purchase'), ('after', 'After purchase'), ('', 'Not said')], default='', max_length=6)),
                ('care', models.CharField(blank=True, choices=[('C', 'Cultivate more customers'), ('A', 'Acquire share from competitors'), ('R', 'Retain by excellent service'), ('E', 'Expand share of wallet'), ('', 'Not said')], default='', max_length=1)),
                ('rating_people', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('rating_information', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('rating_deliverables', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('source', models.CharField(choices=[('typed', 'Typed'), ('plan', 'Plan touch'), ('mail', 'Captured mail'), ('telephony', 'Telephony'), ('api', 'API'), ('demo', 'Demo firm')], default='typed', max_length=10)),
                ('form_token', models.UUIDField(blank=True, editable=False, null=True, unique=True)),
                ('voided_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='touchpoints', to='crm.account')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='touchpoints', to='crm.contact')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='touchpoints', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-occurred_at', '-pk'],
                'indexes': [models.Index(fields=['account', '-occurred_at', '-id'], name='touchpoint_by_account'), models.Index(condition=models.Q(('direction', 'in'), ('voided_at', None)), fields=['occurred_at'], name='touchpoint_incoming')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('rating_people', None), ('rating_people__range', (1, 5)), _connector='OR'), models.Q(('rating_information', None), ('rating_information__range', (1, 5)), _connector='OR'), models.Q(('rating_deliverables', None), ('rating_deliverables__range', (1, 5)), _connector='OR')), name='touchpoint_ratings_1_to_5')],
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('phone', 'Call'), ('email', 'E-mail'), ('meeting', 'Meeting'), ('visit', 'Visit'), ('message', 'Message'), ('post', 'Post'), ('web', 'Web'), ('chat', 'Chat'), ('social', 'Social'), ('event', 'Event'), ('note', 'Note')], max_length=10)),
                ('topic', models.CharField(blank=True, default='', max_length=60)),
                ('is_granted', models.BooleanField()),
                ('wording', models.TextField(blank=True, default='')),
                ('means', models.CharField(blank=True, choices=[('form', 'Form on our site'), ('paper', 'Signed paper'), ('email', 'E-mail'), ('phone', 'On the phone'), ('in_person', 'In person'), ('other', 'Another way'), ('', 'Not known')], db_default='', default='', max_length=10)),
                ('obtained_on', models.DateField(blank=True, null=True)),
                ('place', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('proof', models.CharField(blank=True, default='', max_length=200)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('recorded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consents', to='crm.contact')),
            ],
            options={
                'ordering': ['-recorded_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='ContactAssessment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('decision_role', models.CharField(blank=True, choices=[('economic_buyer', 'Economic buyer'), ('decider', 'Decider'), ('influencer', 'Influencer'), ('user', 'User'), ('technical', 'Technical evaluator'), ('gatekeeper', 'Gatekeeper'), ('champion', 'Champion'), ('', 'Not known')], default='', max_length=20)),
                ('influence', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('attitude', models.CharField(blank=True, choices=[('supporter', 'Supporter'), ('neutral', 'Neutral'), ('critic', 'Critic'), ('', 'Not known')], default='', max_length=10)),
                ('judged_on', models.DateField()),
                ('source', models.CharField(blank=True, default='', max_length=200)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assessments', to='crm.contact')),
                ('judged_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-judged_on', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('influence', None), ('influence__range', (1, 5)), _connector='OR'), name='assessment_influence_1_to_5')],
            },
        ),
        migrations.CreateModel(
            name='ContactEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('name', models.CharField(max_length=300)),
                ('title', models.CharField(blank=True, default='', max_length=150)),
                ('email', models.EmailField(blank=True, default='', max_length=254)),
                ('phone', models.CharField(blank=True, default='', max_length=40)),
                ('decision_role', models.CharField(blank=True, choices=[('economic_buyer', 'Economic buyer'), ('decider', 'Decider'), ('influencer', 'Influencer'), ('user', 'User'), ('technical', 'Technical evaluator'), ('gatekeeper', 'Gatekeeper'), ('champion', 'Champion'), ('', 'Not known')], default='', max_length=20)),
                ('influence', models.PositiveSmallIntegerField(blank=True, help_text='1 little, 5 decisive; empty when not known', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('attitude', models.CharField(blank=True, choices=[('supporter', 'Supporter'), ('neutral', 'Neutral'), ('critic', 'Critic'), ('', 'Not known')], default='', max_length=10)),
                ('needs', models.TextField(blank=True, default='')),
                ('preferences', models.TextField(blank=True, default='')),
                ('preferred_channel', models.CharField(blank=True, choices=[('phone', 'Call'), ('email', 'E-mail'), ('meeting', 'Meeting'), ('visit', 'Visit'), ('message', 'Message'), ('post', 'Post'), ('web', 'Web'), ('chat', 'Chat'), ('social', 'Social'), ('event', 'Event'), ('note', 'Note')], db_default='', default='', max_length=10)),
                ('preferred_time', models.CharField(blank=True, db_default='', default='', max_length=100)),
                ('language', models.CharField(blank=True, db_default='', default='', max_length=40)),
                ('topics', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('socials', models.JSONField(blank=True, default=dict)),
                ('do_not_contact', models.BooleanField(default=False)),
                ('do_not_contact_reason', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('left_on', models.DateField(blank=True, null=True)),
                ('account', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.account')),
                ('moved_from', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.contact')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='crm.contact')),
                ('successor', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.contact')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DealLossReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('name', models.CharField(max_length=80, unique=True)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='deal_loss_reason_has_a_name')],
            },
        ),
        migrations.CreateModel(
            name='DealStage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('name', models.CharField(max_length=60)),
                ('position', models.PositiveSmallIntegerField()),
                ('prior_chance', models.DecimalField(decimal_places=3, max_digits=4)),
                ('stale_after_days', models.PositiveSmallIntegerField()),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['position', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('name',), name='stage_name_unique'), models.CheckConstraint(condition=models.Q(('prior_chance__gt', 0), ('prior_chance__lt', 1)), name='stage_prior_between_0_and_1'), models.CheckConstraint(condition=models.Q(('stale_after_days__range', (1, 3650))), name='stage_stale_days_in_range'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='stage_has_a_name')],
            },
        ),
        migrations.CreateModel(
            name='Deal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('title', models.CharField(max_length=200)),
                ('stage_since', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('status', models.CharField(choices=[('open', 'Open'), ('won', 'Won'), ('lost', 'Lost')], default='open', max_length=10)),
                ('source', models.CharField(blank=True, choices=[('referral', 'Referral'), ('outbound', 'Outbound sales'), ('trade_fair', 'Trade fair'), ('web', 'Website'), ('advertising', 'Advertising'), ('partner', 'Partner'), ('import', 'Imported'), ('', 'Not known')], default='', max_length=20)),
                ('close_on', models.DateField(blank=True, help_text='when the decision is expected', null=True)),
                ('competitor', models.CharField(blank=True, default='', max_length=100)),
                ('note', models.TextField(blank=True, default='')),
                ('closed_on', models.DateField(blank=True, null=True)),
                ('closing_note', models.CharField(blank=True, default='', max_length=300)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deals', to='crm.account')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deals', to='crm.contact')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deals', to=settings.AUTH_USER_MODEL)),
                ('loss_reason', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deals', to='crm.deallossreason')),
                ('stage', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deals', to='crm.dealstage')),
                ('order', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deal', to='crm.order')),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('status', 'open')), fields=['stage', 'account'], name='deal_open_by_stage')],
                'constraints': [models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='deal_has_a_title'), models.CheckConstraint(condition=models.Q(models.Q(('closed_on', None), ('status', 'open')), models.Q(models.Q(('status', 'open'), _negated=True), ('closed_on__isnull', False)), _connector='OR'), name='deal_closed_has_a_day'), models.CheckConstraint(condition=models.Q(models.Q(('loss_reason__isnull', False), ('status', 'lost')), models.Q(models.Q(('status', 'lost'), _negated=True), ('loss_reason', None)), _connector='OR'), name='deal_lost_has_a_reason'), models.CheckConstraint(condition=models.Q(('order', None), ('status', 'won'), _connector='OR'), name='deal_order_only_if_won')],
                'triggers': [pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."close_on" IS DISTINCT FROM (NEW."close_on") OR OLD."closed_on" IS DISTINCT FROM (NEW."closed_on") OR OLD."closing_note" IS DISTINCT FROM (NEW."closing_note") OR OLD."competitor" IS DISTINCT FROM (NEW."competitor") OR OLD."contact_id" IS DISTINCT FROM (NEW."contact_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."loss_reason_id" IS DISTINCT FROM (NEW."loss_reason_id") OR OLD."note" IS DISTINCT FROM (NEW."note") OR OLD."order_id" IS DISTINCT FROM (NEW."order_id") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."stage_id" IS DISTINCT FROM (NEW."stage_id") OR OLD."stage_since" IS DISTINCT FROM (NEW."stage_since") OR OLD."status" IS DISTINCT FROM (NEW."status") OR OLD."title" IS DISTINCT FROM (NEW."title") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "crm_dealevent" ("account_id", "close_on", "closed_on", "closing_note", "competitor", "contact_id", "created_at", "created_by_id", "id", "loss_reason_id", "note", "order_id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source", "stage_id", "stage_since", "status", "title", "version") VALUES (NEW."account_id", NEW."close_on", NEW."closed_on", NEW."closing_note", NEW."competitor", NEW."contact_id", NEW."created_at", NEW."created_by_id", NEW."id", NEW."loss_reason_id", NEW."note", NEW."order_id", NEW."owner_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."source", NEW."stage_id", NEW."stage_since", NEW."status", NEW."title", NEW."version"); RETURN NULL;', hash='e74d9ef9ab97ac38398aa835ecea62af6c2ecd04', operation='UPDATE', pgid='pgtrigger_update_update_c7a34', table='crm_deal', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "crm_dealevent" ("account_id", "close_on", "closed_on", "closing_note", "competitor", "contact_id", "created_at", "created_by_id", "id", "loss_reason_id", "note", "order_id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source", "stage_id", "stage_since", "status", "title", "version") VALUES (OLD."account_id", OLD."close_on", OLD."closed_on", OLD."closing_note", OLD."competitor", OLD."contact_id", OLD."created_at", OLD."created_by_id", OLD."id", OLD."loss_reason_id", OLD."note", OLD."order_id", OLD."owner_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."source", OLD."stage_id", OLD."stage_since", OLD."status", OLD."title", OLD."version"); RETURN NULL;', hash='5aac484d26a6540ceea33d12e92006b3131d5aaf', operation='DELETE', pgid='pgtrigger_delete_delete_a7aec', table='crm_deal', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('title', models.CharField(max_length=300)),
                ('due_on', models.DateField()),
                ('due_at', models.TimeField(blank=True, help_text="in the company's zone; empty for the whole day", null=True)),
                ('minutes', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('kind', models.CharField(choices=[('todo', 'To do'), ('call', 'Call'), ('email', 'E-mail'), ('meeting', 'Meeting'), ('visit', 'Visit')], db_default='todo', default='todo', max_length=10)),
                ('priority', models.CharField(choices=[('high', 'High'), ('normal', 'Normal'), ('low', 'Low')], db_default='normal', default='normal', max_length=10)),
                ('status', models.CharField(choices=[('open', 'Open'), ('done', 'Done'), ('cancelled', 'Cancelled')], default='open', max_length=10)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='crm.account')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tasks', to='crm.contact')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('deal', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tasks', to='crm.deal')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to=settings.AUTH_USER_MODEL)),
                ('touchpoint', models.ForeignKey(blank=True, help_text='the contact in which it was promised', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='follow_ups', to='crm.touchpoint')),
            ],
            options={
                'ordering': ['due_on', 'pk'],
                'indexes': [models.Index(condition=models.Q(('status', 'open')), fields=['owner', 'due_on'], name='task_open_by_owner'), models.Index(condition=models.Q(('status', 'done')), fields=['account', '-done_at'], name='task_done_by_account'), models.Index(fields=['due_on', 'id'], name='task_by_day')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', False), ('status', 'done')), models.Q(models.Q(('status', 'done'), _negated=True), ('done_at', None)), _connector='OR'), name='task_done_has_a_time')],
                'triggers': [pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."contact_id" IS DISTINCT FROM (NEW."contact_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."deal_id" IS DISTINCT FROM (NEW."deal_id") OR OLD."done_at" IS DISTINCT FROM (NEW."done_at") OR OLD."due_at" IS DISTINCT FROM (NEW."due_at") OR OLD."due_on" IS DISTINCT FROM (NEW."due_on") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."minutes" IS DISTINCT FROM (NEW."minutes") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."priority" IS DISTINCT FROM (NEW."priority") OR OLD."status" IS DISTINCT FROM (NEW."status") OR OLD."title" IS DISTINCT FROM (NEW."title") OR OLD."touchpoint_id" IS DISTINCT FROM (NEW."touchpoint_id") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "crm_taskevent" ("account_id", "contact_id", "created_at", "created_by_id", "deal_id", "done_at", "due_at", "due_on", "id", "kind", "minutes", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "status", "title", "touchpoint_id", "version") VALUES (NEW."account_id", NEW."contact_id", NEW."created_at", NEW."created_by_id", NEW."deal_id", NEW."done_at", NEW."due_at", NEW."due_on", NEW."id", NEW."kind", NEW."minutes", NEW."owner_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."priority", NEW."status", NEW."title", NEW."touchpoint_id", NEW."version"); RETURN NULL;', hash='499167e58fc29dfc8dda21f8846fafc4fc9cabf3', operation='UPDATE', pgid='pgtrigger_update_update_e0e47', table='crm_task', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "crm_taskevent" ("account_id", "contact_id", "created_at", "created_by_id", "deal_id", "done_at", "due_at", "due_on", "id", "kind", "minutes", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "status", "title", "touchpoint_id", "version") VALUES (OLD."account_id", OLD."contact_id", OLD."created_at", OLD."created_by_id", OLD."deal_id", OLD."done_at", OLD."due_at", OLD."due_on", OLD."id", OLD."kind", OLD."minutes", OLD."owner_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."priority", OLD."status", OLD."title", OLD."touchpoint_id", OLD."version"); RETURN NULL;', hash='280b775900797c7cfa74435c8211e05fd4247ef6', operation='DELETE', pgid='pgtrigger_delete_delete_5f5c1', table='crm_task', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='TaskEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('title', models.CharField(max_length=300)),
                ('due_on', models.DateField()),
                ('due_at', models.TimeField(blank=True, help_text="in the company's zone; empty for the whole day", null=True)),
                ('minutes', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('kind', models.CharField(choices=[('todo', 'To do'), ('call', 'Call'), ('email', 'E-mail'), ('meeting', 'Meeting'), ('visit', 'Visit')], db_default='todo', default='todo', max_length=10)),
                ('priority', models.CharField(choices=[('high', 'High'), ('normal', 'Normal'), ('low', 'Low')], db_default='normal', default='normal', max_length=10)),
                ('status', models.CharField(choices=[('open', 'Open'), ('done', 'Done'), ('cancelled', 'Cancelled')], default='open', max_length=10)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.account')),
                ('contact', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.contact')),
                ('created_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('deal', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.deal')),
                ('owner', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='crm.task')),
                ('touchpoint', models.ForeignKey(blank=True, db_constraint=False, help_text='the contact in which it was promised', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.touchpoint')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ClientGoal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('title', models.CharField(max_length=300)),
                ('status', models.CharField(choices=[('open', 'Open'), ('on_track', 'On track'), ('at_risk', 'At risk'), ('reached', 'Reached'), ('dropped', 'Dropped')], default='open', max_length=10)),
                ('target_on', models.DateField(blank=True, null=True)),
                ('review_on', models.DateField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='goals', to='crm.account')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='goals', to=settings.AUTH_USER_MODEL)),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='goals', to='crm.contact')),
                ('next_step', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.task')),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('status__in', ('open', 'on_track', 'at_risk'))), fields=['owner', 'review_on'], name='goal_to_review')],
                'constraints': [models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='goal_has_a_title')],
                'triggers': [pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."contact_id" IS DISTINCT FROM (NEW."contact_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."next_step_id" IS DISTINCT FROM (NEW."next_step_id") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."review_on" IS DISTINCT FROM (NEW."review_on") OR OLD."status" IS DISTINCT FROM (NEW."status") OR OLD."target_on" IS DISTINCT FROM (NEW."target_on") OR OLD."title" IS DISTINCT FROM (NEW."title") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "crm_clientgoalevent" ("account_id", "contact_id", "created_at", "created_by_id", "id", "next_step_id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_on", "status", "target_on", "title", "version") VALUES (NEW."account_id", NEW."contact_id", NEW."created_at", NEW."created_by_id", NEW."id", NEW."next_step_id", NEW."owner_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."review_on", NEW."status", NEW."target_on", NEW."title", NEW."version"); RETURN NULL;', hash='81604535bb11ae54792ed3affb01e45336682d30', operation='UPDATE', pgid='pgtrigger_update_update_3c322', table='crm_clientgoal', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "crm_clientgoalevent" ("account_id", "contact_id", "created_at", "created_by_id", "id", "next_step_id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_on", "status", "target_on", "title", "version") VALUES (OLD."account_id", OLD."contact_id", OLD."created_at", OLD."created_by_id", OLD."id", OLD."next_step_id", OLD."owner_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."review_on", OLD."status", OLD."target_on", OLD."title", OLD."version"); RETURN NULL;', hash='7c2b7d1f5db3a0c99da7f819d6975c95e221c60a', operation='DELETE', pgid='pgtrigger_delete_delete_a26e3', table='crm_clientgoal', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='ClientGoalEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('title', models.CharField(max_length=300)),
                ('status', models.CharField(choices=[('open', 'Open'), ('on_track', 'On track'), ('at_risk', 'At risk'), ('reached', 'Reached'), ('dropped', 'Dropped')], default='open', max_length=10)),
                ('target_on', models.DateField(blank=True, null=True)),
                ('review_on', models.DateField(blank=True, null=True)),
                ('account', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.account')),
                ('created_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='crm.clientgoal')),
                ('contact', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.contact')),
                ('next_step', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.task')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DealEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('title', models.CharField(max_length=200)),
                ('stage_since', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('status', models.CharField(choices=[('open', 'Open'), ('won', 'Won'), ('lost', 'Lost')], default='open', max_length=10)),
                ('source', models.CharField(blank=True, choices=[('referral', 'Referral'), ('outbound', 'Outbound sales'), ('trade_fair', 'Trade fair'), ('web', 'Website'), ('advertising', 'Advertising'), ('partner', 'Partner'), ('import', 'Imported'), ('', 'Not known')], default='', max_length=20)),
                ('close_on', models.DateField(blank=True, help_text='when the decision is expected', null=True)),
                ('competitor', models.CharField(blank=True, default='', max_length=100)),
                ('note', models.TextField(blank=True, default='')),
                ('closed_on', models.DateField(blank=True, null=True)),
                ('closing_note', models.CharField(blank=True, default='', max_length=300)),
                ('account', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.account')),
                ('contact', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.contact')),
                ('created_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='crm.deal')),
                ('loss_reason', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.deallossreason')),
                ('stage', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.dealstage')),
                ('order', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.order')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DealChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('open', 'Open'), ('won', 'Won'), ('lost', 'Lost')], max_length=10)),
                ('was_status', models.CharField(blank=True, choices=[('open', 'Open'), ('won', 'Won'), ('lost', 'Lost')], default='', max_length=10)),
                ('was_since', models.DateTimeField(blank=True, null=True)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('deal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='crm.deal')),
                ('stage', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.dealstage')),
                ('was_stage', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.dealstage')),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['deal', 'id'], name='deal_change_by_deal')],
            },
        ),
        migrations.CreateModel(
            name='EventType',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('key', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=100)),
                ('icon', models.CharField(choices=[('calendar', 'Calendar'), ('truck', 'Lorry'), ('map-pin', 'Place'), ('user-round-plus', 'Person'), ('trending-up', 'Upwards'), ('trending-down', 'Downwards'), ('git-merge', 'Joining'), ('swords', 'Swords'), ('message-square-warning', 'Warning'), ('file-clock', 'Contract'), ('cake', 'Cake'), ('baby', 'Baby'), ('star', 'Star'), ('award', 'Award'), ('building-2', 'Building'), ('heart', 'Heart'), ('flame', 'Fire'), ('landmark', 'Authority'), ('graduation-cap', 'Education'), ('flag', 'Flag')], db_default='calendar', default='calendar', max_length=30)),
                ('importance', models.PositiveSmallIntegerField(choices=[(1, 'Good to know'), (2, 'Important'), (3, 'Changes everything')], db_default=2, default=2)),
                ('tone', models.CharField(choices=[('good', 'Good sign'), ('neutral', 'Neither'), ('bad', 'Bad sign')], db_default='neutral', default='neutral', max_length=10)),
                ('recurs_yearly', models.BooleanField(db_default=False, default=False)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='event_type_has_a_name')],
            },
        ),
        migrations.CreateModel(
            name='LifeEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('occurred_on', models.DateField()),
                ('note', models.TextField(blank=True, default='')),
                ('source', models.CharField(default='typed', max_length=40)),
                ('external_id', models.CharField(blank=True, max_length=100, null=True)),
                ('voided_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='life_events', to='crm.account')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='life_events', to='crm.contact')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='crm.eventtype')),
            ],
            options={
                'ordering': ['-occurred_on', '-pk'],
                'indexes': [models.Index(fields=['account', '-occurred_on'], name='event_by_account')],
                'constraints': [models.UniqueConstraint(fields=('source', 'external_id'), name='event_once_per_source')],
            },
        ),
        migrations.CreateModel(
            name='GoalEvidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('noted_on', models.DateField()),
                ('text', models.TextField()),
                ('amount', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('voided_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.account')),
                ('goal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='evidence', to='crm.clientgoal')),
                ('recorded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-noted_on', '-pk'],
                'indexes': [models.Index(fields=['account', '-noted_on'], name='evidence_by_account')],
            },
        ),
        migrations.CreateModel(
            name='Hypothesis',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('statement', models.CharField(max_length=500)),
                ('status', models.CharField(choices=[('open', 'Open'), ('confirmed', 'Confirmed'), ('refuted', 'Refuted')], default='open', max_length=10)),
                ('review_on', models.DateField()),
                ('concluded_on', models.DateField(blank=True, null=True)),
                ('conclusion', models.CharField(blank=True, default='', max_length=500)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hypotheses', to='crm.account')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hypotheses', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'hypotheses',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('status', 'open')), fields=['author', 'review_on'], name='hypothesis_to_check')],
                'constraints': [models.CheckConstraint(condition=models.Q(('statement', ''), _negated=True), name='hypothesis_has_a_statement'), models.CheckConstraint(condition=models.Q(models.Q(('concluded_on', None), ('status', 'open')), models.Q(models.Q(('status', 'open'), _negated=True), ('concluded_on__isnull', False)), _connector='OR'), name='hypothesis_concluded_has_a_day')],
                'triggers': [pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."author_id" IS DISTINCT FROM (NEW."author_id") OR OLD."concluded_on" IS DISTINCT FROM (NEW."concluded_on") OR OLD."conclusion" IS DISTINCT FROM (NEW."conclusion") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."review_on" IS DISTINCT FROM (NEW."review_on") OR OLD."statement" IS DISTINCT FROM (NEW."statement") OR OLD."status" IS DISTINCT FROM (NEW."status") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "crm_hypothesisevent" ("account_id", "author_id", "concluded_on", "conclusion", "created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_on", "statement", "status", "version") VALUES (NEW."account_id", NEW."author_id", NEW."concluded_on", NEW."conclusion", NEW."created_at", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."review_on", NEW."statement", NEW."status", NEW."version"); RETURN NULL;', hash='9e566ce6a5c1c1d8242d687f179f50c52c0f4fd9', operation='UPDATE', pgid='pgtrigger_update_update_a0d0a', table='crm_hypothesis', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "crm_hypothesisevent" ("account_id", "author_id", "concluded_on", "conclusion", "created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_on", "statement", "status", "version") VALUES (OLD."account_id", OLD."author_id", OLD."concluded_on", OLD."conclusion", OLD."created_at", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."review_on", OLD."statement", OLD."status", OLD."version"); RETURN NULL;', hash='88cdb2ebc22c7ce6c25823f9bacae57a0e2237fe', operation='DELETE', pgid='pgtrigger_delete_delete_9c0a0', table='crm_hypothesis', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='HypothesisEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('statement', models.CharField(max_length=500)),
                ('status', models.CharField(choices=[('open', 'Open'), ('confirmed', 'Confirmed'), ('refuted', 'Refuted')], default='open', max_length=10)),
                ('review_on', models.DateField()),
                ('concluded_on', models.DateField(blank=True, null=True)),
                ('conclusion', models.CharField(blank=True, default='', max_length=500)),
                ('account', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.account')),
                ('author', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='crm.hypothesis')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='HypothesisEvidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_for', models.BooleanField()),
                ('noted_on', models.DateField()),
                ('text', models.TextField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.account')),
                ('hypothesis', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='evidence', to='crm.hypothesis')),
                ('recorded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-noted_on', '-pk'],
                'indexes': [models.Index(fields=['account', '-noted_on'], name='journal_by_account')],
            },
        ),
        migrations.CreateModel(
            name='ImportJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('kind', models.CharField(choices=[('orders', 'Orders'), ('costs', 'Costs')], max_length=10)),
                ('source', models.CharField(max_length=40)),
                ('file_name', models.CharField(max_length=255)),
                ('status', models.CharField(choices=[('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='running', max_length=10)),
                ('rows_read', models.PositiveIntegerField(default=0)),
                ('rows_stored', models.PositiveIntegerField(default=0)),
                ('rows_unchanged', models.PositiveIntegerField(default=0)),
                ('rows_refused', models.PositiveIntegerField(default=0)),
                ('failure', models.TextField(blank=True, default='')),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='RefusedRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('reason', models.CharField(max_length=300)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='refused_rows', to='crm.importjob')),
            ],
            options={
                'ordering': ['line', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('acquisition', 'Acquisition'), ('onboarding', 'Onboarding'), ('marketing', 'Marketing'), ('account_management', 'Account management'), ('service', 'Service'), ('delivery', 'Delivery'), ('returns', 'Returns'), ('credit', 'Credit and collection'), ('other', 'Other')], max_length=20)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14)),
                ('incurred_on', models.DateField()),
                ('document', models.CharField(blank=True, default='', help_text='invoice or voucher number', max_length=150)),
                ('note', models.CharField(blank=True, default='', max_length=300)),
                ('source', models.CharField(default='typed', max_length=40)),
                ('external_id', models.CharField(blank=True, max_length=100, null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('account', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ledger_entries', to='crm.account')),
                ('allocated_from', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='crm.ledgerentry')),
                ('created_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reverses', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='crm.ledgerentry')),
                ('rule', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='crm.allocationrule')),
                ('touchpoint', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='costs', to='crm.touchpoint')),
            ],
            options={
                'verbose_name_plural': 'ledger entries',
                'ordering': ['-incurred_on', '-pk'],
                'indexes': [models.Index(fields=['account', 'incurred_on'], include=('kind', 'amount'), name='ledger_by_account'), models.Index(fields=['created_at'], name='ledger_by_change'), models.Index(condition=models.Q(('allocated_from', None), ('source', 'typed'), ('touchpoint', None)), fields=['account', 'incurred_on'], name='ledger_by_hand'), models.Index(condition=models.Q(('rule__isnull', False)), fields=['rule'], name='ledger_by_rule'), models.Index(condition=models.Q(('allocated_from__isnull', False)), fields=['allocated_from'], name='ledger_by_allocated_from'), models.Index(condition=models.Q(('touchpoint__isnull', False)), fields=['touchpoint'], name='ledger_by_touchpoint'), models.Index(condition=models.Q(('created_by__isnull', False)), fields=['created_by'], name='ledger_by_created_by')],
                'constraints': [models.UniqueConstraint(fields=('source', 'external_id'), name='ledger_once_per_source'), models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='ledger_amount_not_0'), models.CheckConstraint(condition=models.Q(('allocated_from', None), ('account__isnull', False), _connector='OR'), name='ledger_part_has_an_account')],
                'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='20ef4fe810385bf84f6b8f5de256832eed34ec9e', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_bfc29', table='crm_ledgerentry', when='BEFORE'))],
            },
        ),
        migrations.CreateModel(
            name='PinnedContact',
            fields=[
                ('touchpoint', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='pin', serialize=False, to='crm.touchpoint')),
                ('pinned_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                ('pinned_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pinned_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Complement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('reason', models.CharField(blank=True, db_default='', default='', max_length=300)),
            ],
            options={
                'db_table': 'crm_product_complements',
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('sku', models.CharField(max_length=60, unique=True)),
                ('name', models.CharField(max_length=300)),
                ('category', models.CharField(blank=True, default='', max_length=100)),
                ('list_price', models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True)),
                ('unit_cost', models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True)),
                ('upgrade_reason', models.CharField(blank=True, db_default='', default='', max_length=300)),
                ('is_active', models.BooleanField(default=True)),
                ('life_months', models.PositiveSmallIntegerField(blank=True, help_text='months one is usually used; empty if not known', null=True)),
                ('term_months', models.PositiveSmallIntegerField(blank=True, help_text='months of one term of a contract; empty if not sold by term', null=True)),
                ('complements', models.ManyToManyField(blank=True, through='crm.Complement', to='crm.product')),
                ('upgrade_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='upgrades_from', to='crm.product')),
            ],
            options={
                'ordering': ['name', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('unit_cost', None), ('unit_cost__gte', 0), _connector='OR'), models.Q(('list_price', None), ('list_price__gte', 0), _connector='OR')), name='product_amounts_not_below_0'), models.CheckConstraint(condition=models.Q(('sku', ''), _negated=True), name='product_has_a_sku'), models.CheckConstraint(condition=models.Q(('term_months', None), ('term_months__range', (1, 120)), _connector='OR'), name='product_term_in_range'), models.CheckConstraint(condition=models.Q(('life_months', None), ('life_months__range', (1, 600)), _connector='OR'), name='product_life_in_range')],
                'triggers': [pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."category" IS DISTINCT FROM (NEW."category") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."life_months" IS DISTINCT FROM (NEW."life_months") OR OLD."list_price" IS DISTINCT FROM (NEW."list_price") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."sku" IS DISTINCT FROM (NEW."sku") OR OLD."term_months" IS DISTINCT FROM (NEW."term_months") OR OLD."unit_cost" IS DISTINCT FROM (NEW."unit_cost") OR OLD."upgrade_reason" IS DISTINCT FROM (NEW."upgrade_reason") OR OLD."upgrade_to_id" IS DISTINCT FROM (NEW."upgrade_to_id") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "crm_productevent" ("category", "created_at", "id", "is_active", "life_months", "list_price", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sku", "term_months", "unit_cost", "upgrade_reason", "upgrade_to_id", "version") VALUES (NEW."category", NEW."created_at", NEW."id", NEW."is_active", NEW."life_months", NEW."list_price", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."sku", NEW."term_months", NEW."unit_cost", NEW."upgrade_reason", NEW."upgrade_to_id", NEW."version"); RETURN NULL;', hash='5e06d389042644e3b706d26e9224f40b731024ba', operation='UPDATE', pgid='pgtrigger_update_update_84063', table='crm_product', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "crm_productevent" ("category", "created_at", "id", "is_active", "life_months", "list_price", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sku", "term_months", "unit_cost", "upgrade_reason", "upgrade_to_id", "version") VALUES (OLD."category", OLD."created_at", OLD."id", OLD."is_active", OLD."life_months", OLD."list_price", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."sku", OLD."term_months", OLD."unit_cost", OLD."upgrade_reason", OLD."upgrade_to_id", OLD."version"); RETURN NULL;', hash='01300298d4d90d261ceddd0b0df7777f7c1dac56', operation='DELETE', pgid='pgtrigger_delete_delete_adec3', table='crm_product', when='AFTER'))],
            },
        ),
        migrations.CreateModel(
            name='OrderLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ordered_on', models.DateField()),
                ('status', models.CharField(choices=[('confirmed', 'Confirmed'), ('cancelled', 'Cancelled')], max_length=10)),
                ('quantity', models.DecimalField(decimal_places=3, max_digits=12)),
                ('unit_price', models.DecimalField(decimal_places=4, max_digits=14)),
                ('discount', models.DecimalField(decimal_places=2, default=Decimal('0.00'), max_digits=14)),
                ('unit_cost', models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True)),
                ('revenue', models.GeneratedField(db_persist=True, expression=django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('quantity'), '*', models.F('unit_price')), '-', models.F('discount')), precision=2), output_field=models.DecimalField(decimal_places=2, max_digits=14))),
                ('cost', models.GeneratedField(db_persist=True, expression=django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(models.F('quantity'), '*', models.F('unit_cost')), precision=2), output_field=models.DecimalField(decimal_places=2, max_digits=14, null=True))),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.account')),
                ('order', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='crm.order')),
                ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='crm.product')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['account', 'ordered_on', 'order'], include=('revenue', 'cost', 'status'), name='line_worth_by_account')],
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='line_quantity_above_0'), models.CheckConstraint(condition=models.Q(('unit_price__gte', 0), ('discount__gte', 0), models.Q(('unit_cost', None), ('unit_cost__gte', 0), _connector='OR')), name='line_amounts_not_below_0')],
            },
        ),
        migrations.CreateModel(
            name='OrderReturn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('returned_on', models.DateField()),
                ('quantity', models.DecimalField(decimal_places=3, max_digits=12)),
                ('refund', models.DecimalField(decimal_places=2, max_digits=14)),
                ('cost_recovered', models.DecimalField(decimal_places=2, default=Decimal('0.00'), max_digits=14)),
                ('reason', models.CharField(blank=True, default='', max_length=200)),
                ('source', models.CharField(default='api', max_length=40)),
                ('external_id', models.CharField(blank=True, max_length=100, null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.account')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='crm.orderline')),
            ],
            options={
                'ordering': ['-returned_on', '-pk'],
                'indexes': [models.Index(fields=['created_at'], name='return_by_change')],
                'constraints': [models.UniqueConstraint(fields=('source', 'external_id'), name='return_once_per_source'), models.CheckConstraint(condition=models.Q(('quantity__gt', 0), ('refund__gte', 0), ('cost_recovered__gte', 0)), name='return_amounts_not_below_0')],
            },
        ),
        migrations.CreateModel(
            name='ProductEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('sku', models.CharField(max_length=60)),
                ('name', models.CharField(max_length=300)),
                ('category', models.CharField(blank=True, default='', max_length=100)),
                ('list_price', models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True)),
                ('unit_cost', models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True)),
                ('upgrade_reason', models.CharField(blank=True, db_default='', default='', max_length=300)),
                ('is_active', models.BooleanField(default=True)),
                ('life_months', models.PositiveSmallIntegerField(blank=True, help_text='months one is usually used; empty if not known', null=True)),
                ('term_months', models.PositiveSmallIntegerField(blank=True, help_text='months of one term of a contract; empty if not sold by term', null=True)),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='crm.product')),
                ('upgrade_to', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='crm.product')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='StatedValue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('words', models.TextField()),
                ('amount', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('stated_on', models.DateField()),
                ('source', models.CharField(choices=[('talk', 'Said to us'), ('letter', 'Written to us'), ('survey', 'Survey'), ('public', 'Said in public')], default='talk', max_length=12)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stated_values', to='crm.account')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.contact')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.product')),
            ],
            options={
                'ordering': ['-stated_on', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('words', ''), _negated=True), name='stated_value_has_words'), models.CheckConstraint(condition=models.Q(('amount', None), ('amount__gte', 0), _connector='OR'), name='stated_value_not_below_0')],
            },
        ),
        migrations.CreateModel(
            name='CompetitorPresence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('category', models.CharField(blank=True, default='', max_length=100)),
                ('since', models.DateField(blank=True, null=True)),
                ('until', models.DateField(blank=True, null=True)),
                ('note', models.TextField(blank=True, default='')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='competitors', to='crm.account')),
                ('competitor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='presences', to='crm.competitor')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.product')),
            ],
            options={
                'ordering': ['competitor__name', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('since', None), ('until', None), ('until__gte', models.F('since')), _connector='OR'), name='presence_ends_after_it_begins')],
            },
        ),
        migrations.CreateModel(
            name='DealLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(blank=True, default='', help_text='what it is, without a product', max_length=200)),
                ('quantity', models.DecimalField(decimal_places=3, max_digits=12)),
                ('unit_price', models.DecimalField(decimal_places=4, max_digits=14)),
                ('discount', models.DecimalField(decimal_places=2, default=Decimal('0.00'), max_digits=14)),
                ('unit_cost', models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True)),
                ('revenue', models.GeneratedField(db_persist=True, expression=django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('quantity'), '*', models.F('unit_price')), '-', models.F('discount')), precision=2), output_field=models.DecimalField(decimal_places=2, max_digits=14))),
                ('cost', models.GeneratedField(db_persist=True, expression=django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(models.F('quantity'), '*', models.F('unit_cost')), precision=2), output_field=models.DecimalField(decimal_places=2, max_digits=14, null=True))),
                ('deal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='crm.deal')),
                ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deal_lines', to='crm.product')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity__gt', 0), ('unit_price__gte', 0), ('discount__gte', 0), models.Q(('unit_cost', None), ('unit_cost__gte', 0), _connector='OR')), name='deal_line_amounts_in_range'), models.CheckConstraint(condition=models.Q(('product__isnull', False), models.Q(('text', ''), _negated=True), _connector='OR'), name='deal_line_says_what')],
            },
        ),
        migrations.CreateModel(
            name='Holding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                ('quantity', models.DecimalField(decimal_places=3, max_digits=12)),
                ('acquired_on', models.DateField()),
                ('ends_on', models.DateField(blank=True, null=True)),
                ('status', models.CharField(choices=[('active', 'On hand'), ('ended', 'Ended'), ('replaced', 'Replaced'), ('returned', 'Returned')], default='active', max_length=10)),
                ('serial_number', models.CharField(blank=True, db_default='', default='', max_length=100)),
                ('note', models.TextField(blank=True, db_default='', default='')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='holdings', to='crm.account')),
                ('replaced_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='replaces', to='crm.holding')),
                ('order_line', models.OneToOneField(blank=True, help_text='the line it was made from, if it was', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='holding', to='crm.orderline')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holdings', to='crm.product')),
            ],
            options={
                'ordering': ['-acquired_on', '-pk'],
                'indexes': [models.Index(fields=['account', 'acquired_on'], name='holding_by_account'), models.Index(fields=['account', 'ends_on'], name='holding_by_end')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on', None), ('ends_on__gte', models.F('acquired_on')), _connector='OR'), name='holding_ends_after_it_begins'), models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='holding_quantity_above_0')],
            },
        ),
        migrations.CreateModel(
            name='Usage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('metric', models.CharField(max_length=60)),
                ('month', models.DateField(help_text='first day of the month')),
                ('value', models.DecimalField(decimal_places=3, max_digits=14)),
                ('value_note', models.TextField(blank=True, default='', help_text='what the customer says it is worth to them')),
                ('holding', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='usage', to='crm.holding')),
            ],
            options={
                'ordering': ['-month', 'metric'],
                'constraints': [models.UniqueConstraint(fields=('holding', 'metric', 'month'), name='usage_once_a_month'), models.CheckConstraint(condition=models.Q(('month__day', 1)), name='usage_month_is_its_first_day')],
            },
        ),
        migrations.CreateModel(
            name='UsageTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('metric', models.CharField(max_length=60)),
                ('value', models.DecimalField(decimal_places=3, max_digits=14)),
                ('holding', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='crm.holding')),
            ],
            options={
                'ordering': ['metric'],
                'constraints': [models.UniqueConstraint(fields=('holding', 'metric'), name='usage_target_once'), models.CheckConstraint(condition=models.Q(('value__gt', 0)), name='usage_target_above_0')],
            },
        ),
        migrations.AddField(
            model_name='complement',
            name='from_product',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.product'),
        ),
        migrations.AddField(
            model_name='complement',
            name='to_product',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.product'),
        ),
        migrations.AddConstraint(
            model_name='complement',
            constraint=models.UniqueConstraint(fields=('from_product', 'to_product'), name='complement_once'),
        ),
        migrations.AddConstraint(
            model_name='complement',
            constraint=models.CheckConstraint(condition=models.Q(('from_product', models.F('to_product')), _negated=True), name='complement_is_another_product'),
        ),
        migrations.RunPython(let_lines_follow, migrations.RunPython.noop),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
