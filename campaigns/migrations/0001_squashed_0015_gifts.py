"""All of the first fifteen migrations in one, for databases that begin now.

One that has run them keeps them: Django tells by `replaces`.
"""

import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import pgtrigger.compiler
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from common.operations import CreateModels


HOURS = {
    # class: (first answer, resolution) for urgent, high, normal, low
    "current_key": ((1, 8), (2, 24), (4, 48), (8, 96)),
    "potential_key": ((2, 16), (4, 36), (8, 72), (24, 120)),
    "general": ((4, 24), (8, 72), (24, 120), (48, 240)),
    "never_profitable": ((8, 48), (24, 120), (48, 240), (96, 480)),
    "": ((4, 24), (8, 72), (24, 120), (48, 240)),
}
URGENCIES = ("urgent", "high", "normal", "low")


def fill(apps, schema_editor):
    version = apps.get_model("campaigns", "ServiceVersion").objects.create(
        reason="To begin with: the more a customer is worth, the sooner we answer."
    )
    level = apps.get_model("campaigns", "ServiceLevel")
    level.objects.bulk_create(
        level(
            version=version,
            worth_class=worth_class,
            urgency=urgency,
            answer_minutes=60 * answer,
            resolve_minutes=60 * resolve,
        )
        for worth_class, row in HOURS.items()
        for urgency, (answer, resolve) in zip(URGENCIES, row, strict=True)
    )


class Migration(migrations.Migration):

    replaces = [('campaigns', '0001_initial'), ('campaigns', '0002_initial'), ('campaigns', '0003_standings'), ('campaigns', '0004_agenda'), ('campaigns', '0005_service_levels'), ('campaigns', '0006_first_service_levels'), ('campaigns', '0007_questions'), ('campaigns', '0008_retention_plans'), ('campaigns', '0009_automations'), ('campaigns', '0010_deliveries_at_work'), ('campaigns', '0011_measured_effects'), ('campaigns', '0012_touch_exceptions'), ('campaigns', '0013_kept_searches'), ('campaigns', '0014_plan_row_versions'), ('campaigns', '0015_gifts')]

    initial = True

    dependencies = [
        ('clv', '0024_shard_inputs_check'),
        ('crm', '0033_what_changed_lately'),
        ('pghistory', '0007_auto_20250421_0444'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(
            models=[
                migrations.CreateModel(
                    name='Standing',
                    fields=[
                        ('pk', models.CompositePrimaryKey('run_id', 'account_id', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('class_rank', models.SmallIntegerField(null=True)),
                        ('clv', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('trend', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                        ('realised_profit', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('revenue_year', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('margin_year', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('cost_year', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('care_left', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                        ('order_count', models.IntegerField()),
                        ('last_order_on', models.DateField(null=True)),
                        ('next_touch_on', models.DateField(null=True)),
                    ],
                    options={
                        'db_table': 'campaigns_standing',
                        'managed': False,
                    },
                ),
                migrations.CreateModel(
                    name='Absence',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('starts_on', models.DateField()),
                        ('ends_on', models.DateField(help_text='the last day away')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['starts_on', 'pk'],
                        'constraints': [models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='absence_ends_later')],
                    },
                ),
                migrations.CreateModel(
                    name='Alert',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('class_fell', 'Class fell'), ('class_rose', 'Class rose'), ('paid_back', 'Paid back'), ('payback_slipped', 'Break-even slipped'), ('repeat_late', 'Usual order is late'), ('holding_ends', 'Ends soon'), ('event_coming', 'Coming up'), ('anniversary', 'Anniversary'), ('pattern', 'Seen before')], max_length=20)),
                        ('subject', models.CharField(max_length=60)),
                        ('raised_on', models.DateField()),
                        ('reason', models.CharField(max_length=400)),
                        ('closed_on', models.DateField(blank=True, null=True)),
                        ('closed_because', models.CharField(blank=True, default='', max_length=100)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                    ],
                    options={
                        'ordering': ['-raised_on', '-pk'],
                        'indexes': [models.Index(condition=models.Q(('closed_on', None)), fields=['raised_on'], name='alert_open_by_day')],
                        'constraints': [models.UniqueConstraint(fields=('account', 'kind', 'subject'), name='alert_once_per_occasion')],
                    },
                ),
                migrations.CreateModel(
                    name='AlertRule',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('name', models.CharField(max_length=200)),
                        ('outlook', models.CharField(choices=[('loss', 'Loss'), ('purchase', 'Purchase')], max_length=10)),
                        ('first', models.CharField(max_length=80)),
                        ('then', models.CharField(blank=True, default='', max_length=80)),
                        ('window_days', models.PositiveSmallIntegerField()),
                        ('ratio', models.FloatField(blank=True, null=True)),
                        ('ratio_low', models.FloatField(blank=True, null=True)),
                        ('ratio_high', models.FloatField(blank=True, null=True)),
                        ('seen_count', models.PositiveIntegerField(default=0)),
                        ('lead_days', models.PositiveIntegerField(blank=True, null=True)),
                        ('query', models.CharField(blank=True, default='', max_length=1000)),
                        ('is_on', models.BooleanField(default=True)),
                        ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['name', 'pk'],
                        'constraints': [models.UniqueConstraint(fields=('outlook', 'first', 'then', 'window_days'), name='alert_rule_once'), models.CheckConstraint(condition=models.Q(('window_days__range', (1, 730))), name='alert_rule_window_in_range'), models.CheckConstraint(condition=models.Q(('first', ''), _negated=True), name='alert_rule_has_a_beginning')],
                    },
                ),
                migrations.CreateModel(
                    name='AnswerMailing',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('rhythm', models.CharField(choices=[('daily', 'every day'), ('weekly', 'every week'), ('monthly', 'every month')], max_length=10)),
                        ('begins_on', models.DateField()),
                        ('due_on', models.DateField()),
                        ('sent_at', models.DateTimeField(blank=True, null=True)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('ordered_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('saved', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mailings', to='campaigns.savedquestion')),
                    ],
                    options={
                        'ordering': ['due_on', 'pk'],
                        'indexes': [models.Index(fields=['due_on'], name='mailing_by_day')],
                        'constraints': [models.UniqueConstraint(fields=('saved', 'recipient'), name='mailing_once_per_recipient'), models.CheckConstraint(condition=models.Q(('due_on__gte', models.F('begins_on'))), name='mailing_due_after_it_begins')],
                    },
                ),
                migrations.CreateModel(
                    name='Automation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('name', models.CharField(max_length=150)),
                        ('is_on', models.BooleanField(default=False)),
                        ('stopped_at', models.DateTimeField(blank=True, null=True)),
                        ('stopped_because', models.CharField(blank=True, default='', max_length=300)),
                        ('removed_at', models.DateTimeField(blank=True, null=True)),
                        ('acts_as', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['name', 'pk'],
                        'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), condition=models.Q(('removed_at', None)), name='automation_name_once'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='automation_has_a_name'), models.CheckConstraint(condition=models.Q(('is_on', False), models.Q(('acts_as__isnull', False), ('removed_at', None)), _connector='OR'), name='automation_on_acts_as_somebody')],
                    },
                ),
                migrations.CreateModel(
                    name='AutomationVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.PositiveIntegerField()),
                        ('trigger', models.JSONField()),
                        ('conditions', models.JSONField(blank=True, default=list)),
                        ('actions', models.JSONField(default=list)),
                        ('rest_days', models.PositiveSmallIntegerField(default=0)),
                        ('limit_an_hour', models.PositiveIntegerField(default=200)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('automation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='campaigns.automation')),
                    ],
                    options={
                        'ordering': ['-number'],
                        'constraints': [models.UniqueConstraint(fields=('automation', 'number'), name='automation_version_once'), models.CheckConstraint(condition=models.Q(('limit_an_hour__range', (1, 100000))), name='automation_limit_in_range')],
                    },
                ),
                migrations.CreateModel(
                    name='CaseAlarm',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('clock', models.CharField(choices=[('answer', 'First answer'), ('resolve', 'Resolution')], max_length=10)),
                        ('state', models.CharField(choices=[('breached', 'Overdue'), ('warning', 'Due soon'), ('running', 'In time'), ('paused', 'Waiting'), ('settled', 'Settled')], max_length=10)),
                        ('told_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.case')),
                        ('told', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('case', 'clock', 'state'), name='case_alarm_once')],
                    },
                ),
                migrations.CreateModel(
                    name='ClosedDay',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('day', models.DateField(unique=True)),
                        ('name', models.CharField(max_length=100)),
                    ],
                    options={
                        'ordering': ['day'],
                    },
                ),
                migrations.CreateModel(
                    name='Delivery',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('occasion', models.CharField(max_length=80)),
                        ('address', models.EmailField(max_length=254)),
                        ('subject', models.CharField(max_length=200)),
                        ('body', models.TextField()),
                        ('topic', models.CharField(blank=True, default='', max_length=60)),
                        ('status', models.CharField(choices=[('planned', 'Waiting'), ('retry', 'Tried, waiting'), ('claimed', 'Being sent'), ('handing_over', 'Being handed over'), ('accepted', 'Sent'), ('rejected', 'Refused'), ('unconfirmed', 'Unconfirmed'), ('suppressed', 'Not allowed'), ('cancelled', 'Cancelled')], default='planned', max_length=12)),
                        ('not_before', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('lease', models.UUIDField(blank=True, null=True)),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('message_id', models.CharField(max_length=200, unique=True)),
                        ('answer', models.CharField(blank=True, default='', max_length=500)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('finished_at', models.DateTimeField(blank=True, null=True)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.account')),
                        ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.contact')),
                        ('touch', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='campaigns.plannedtouch')),
                    ],
                    options={
                        'verbose_name_plural': 'deliveries',
                        'ordering': ['-pk'],
                        'indexes': [models.Index(models.F('not_before'), condition=models.Q(('status__in', ('planned', 'retry'))), name='delivery_waiting'), models.Index(models.F('leased_until'), condition=models.Q(('status__in', ('claimed', 'handing_over'))), name='delivery_leased'), models.Index(models.F('finished_at'), condition=models.Q(('status__in', ('accepted', 'unconfirmed'))), name='delivery_left'), models.Index(django.db.models.functions.text.Lower('address'), models.F('id'), name='delivery_by_address'), models.Index(fields=['status', '-id'], name='delivery_by_status')],
                        'constraints': [models.UniqueConstraint(models.F('occasion'), django.db.models.functions.text.Lower('address'), name='delivery_once'), models.CheckConstraint(condition=models.Q(('lease', None), ('leased_until__isnull', False), _connector='OR'), name='delivery_lease_ends')],
                    },
                ),
                migrations.CreateModel(
                    name='Firing',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('cause', models.CharField(max_length=120)),
                        ('status', models.CharField(choices=[('fired', 'Fired'), ('failed', 'Fired, not all done'), ('not_met', 'Conditions not met'), ('resting', 'Fired lately'), ('before', 'Held before the start')], max_length=10)),
                        ('trigger_text', models.CharField(blank=True, default='', max_length=400)),
                        ('reason', models.CharField(blank=True, default='', max_length=600)),
                        ('results', models.JSONField(blank=True, default=list)),
                        ('decided_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                        ('automation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='firings', to='campaigns.automation')),
                        ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.automationversion')),
                    ],
                    options={
                        'ordering': ['-pk'],
                        'indexes': [models.Index(fields=['automation', 'id'], name='firing_by_automation'), models.Index(fields=['version'], name='firing_by_version'), models.Index(condition=models.Q(('status__in', ('fired', 'failed'))), fields=['automation', 'decided_at'], name='firing_fired_when'), models.Index(fields=['account', '-decided_at'], name='firing_by_account')],
                        'constraints': [models.UniqueConstraint(fields=('automation', 'account', 'cause'), name='firing_once_per_cause')],
                    },
                ),
                migrations.CreateModel(
                    name='GateDecision',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('occasion', models.CharField(choices=[('touch', 'Touch for a whole class'), ('assignment', 'Plan for many accounts'), ('mailing', 'Mailing'), ('automation', 'Automation')], max_length=12)),
                        ('subject', models.CharField(max_length=200)),
                        ('channel', models.CharField(blank=True, choices=[('phone', 'Call'), ('email', 'E-mail'), ('meeting', 'Meeting'), ('visit', 'Visit'), ('message', 'Message'), ('post', 'Post'), ('web', 'Web'), ('chat', 'Chat'), ('social', 'Social'), ('event', 'Event'), ('gift', 'Gift'), ('note', 'Note')], max_length=10)),
                        ('choice', models.CharField(choices=[('drop', 'Leave them out'), ('cheaper', 'Reach them more cheaply'), ('override', 'Include them all the same')], max_length=10)),
                        ('reason', models.CharField(blank=True, default='', max_length=300)),
                        ('cheaper_channel', models.CharField(blank=True, choices=[('phone', 'Call'), ('email', 'E-mail'), ('meeting', 'Meeting'), ('visit', 'Visit'), ('message', 'Message'), ('post', 'Post'), ('web', 'Web'), ('chat', 'Chat'), ('social', 'Social'), ('event', 'Event'), ('gift', 'Gift'), ('note', 'Note')], default='', max_length=10)),
                        ('accounts', models.PositiveIntegerField()),
                        ('below', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                        ('cost_each', models.DecimalField(decimal_places=2, max_digits=12)),
                        ('cost', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('cost_below', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('gain_below', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['-pk'],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('choice', 'override'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='gate_override_has_a_reason'), models.CheckConstraint(condition=models.Q(models.Q(('choice', 'cheaper'), _negated=True), models.Q(('cheaper_channel', ''), _negated=True), _connector='OR'), name='gate_cheaper_names_a_channel')],
                    },
                ),
                migrations.CreateModel(
                    name='KeptSearch',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('name', models.CharField(max_length=120)),
                        ('money', models.DecimalField(decimal_places=2, help_text='a year', max_digits=14)),
                        ('hours', models.DecimalField(decimal_places=1, help_text='a week', max_digits=9)),
                        ('is_by_band', models.BooleanField(default=False)),
                        ('kept_classes', models.JSONField(default=list, help_text='classes that were to stay as they are')),
                        ('as_of', models.DateField(help_text='the night whose values it rests on')),
                        ('gain_today', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('gain', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('found', models.JSONField()),
                        ('applied_at', models.DateTimeField(blank=True, null=True)),
                        ('applied_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'verbose_name_plural': 'kept searches',
                        'ordering': ['-pk'],
                    },
                ),
                migrations.CreateModel(
                    name='LibraryTouch',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('title', models.CharField(max_length=150)),
                        ('channel', models.CharField(choices=[('phone', 'Call'), ('email', 'E-mail'), ('meeting', 'Meeting'), ('visit', 'Visit'), ('message', 'Message'), ('post', 'Post'), ('web', 'Web'), ('chat', 'Chat'), ('social', 'Social'), ('event', 'Event'), ('gift', 'Gift'), ('note', 'Note')], max_length=10)),
                        ('cadence', models.CharField(choices=[('week', 'week'), ('month', 'month'), ('quarter', 'quarter'), ('year', 'year'), ('weeks', 'few weeks'), ('anniversary', 'anniversary'), ('onboarding', 'day after first contact')], max_length=12)),
                        ('times', models.PositiveSmallIntegerField(default=1, help_text='how many in each period')),
                        ('every', models.PositiveSmallIntegerField(db_default=1, default=1)),
                        ('offset_days', models.SmallIntegerField(db_default=0, default=0)),
                        ('unit_cost', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True)),
                        ('minutes', models.PositiveSmallIntegerField(default=0)),
                        ('owner_role', models.CharField(choices=[('rep', 'Account owner'), ('manager', 'Management'), ('marketer', 'Marketing')], max_length=10)),
                        ('head', models.CharField(choices=[('marketing', 'Marketing'), ('retention', 'Retention'), ('account_management', 'Account management'), ('service', 'Service')], max_length=20)),
                        ('care', models.CharField(blank=True, choices=[('C', 'Cultivate more customers'), ('A', 'Acquire share from competitors'), ('R', 'Retain by excellent service'), ('E', 'Expand share of wallet'), ('', 'Not said')], default='', max_length=1)),
                        ('topic', models.CharField(blank=True, db_default='', default='', help_text='the topic that a person must not have refused', max_length=60)),
                        ('subject', models.CharField(blank=True, db_default='', default='', max_length=200)),
                        ('content', models.TextField(blank=True, default='')),
                        ('is_active', models.BooleanField(db_default=True, default=True)),
                        ('event_type', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.eventtype')),
                    ],
                    options={
                        'verbose_name_plural': 'library touches',
                        'ordering': ['title', 'pk'],
                        'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('title'), name='library_touch_title_once')],
                    },
                ),
                migrations.CreateModel(
                    name='MeasuredEffect',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('worth_class', models.CharField(blank=True, choices=[('current_key', 'Current key'), ('potential_key', 'Potential key'), ('general', 'General'), ('never_profitable', 'Never profitable')], default='', max_length=20)),
                        ('channel', models.CharField(blank=True, choices=[('phone', 'Call'), ('email', 'E-mail'), ('meeting', 'Meeting'), ('visit', 'Visit'), ('message', 'Message'), ('post', 'Post'), ('web', 'Web'), ('chat', 'Chat'), ('social', 'Social'), ('event', 'Event'), ('gift', 'Gift'), ('note', 'Note')], default='', max_length=10)),
                        ('number', models.PositiveIntegerField(default=1, help_text='which version it is')),
                        ('effect', models.DecimalField(decimal_places=4, max_digits=5)),
                        ('low', models.DecimalField(decimal_places=4, max_digits=5)),
                        ('high', models.DecimalField(decimal_places=4, max_digits=5)),
                        ('accounts', models.PositiveIntegerField(help_text='measured, both groups together')),
                        ('measured_from', models.DateField()),
                        ('measured_until', models.DateField()),
                        ('source', models.CharField(help_text='how it was measured', max_length=300)),
                        ('reason', models.CharField(help_text='why this version was recorded', max_length=300)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('retired_at', models.DateTimeField(blank=True, null=True)),
                        ('retired_because', models.CharField(blank=True, default='', max_length=300)),
                        ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('retired_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('plan', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.retentionplan')),
                    ],
                    options={
                        'ordering': ['-pk'],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('channel', ''), ('plan__isnull', False), ('worth_class', '')), models.Q(('channel', ''), ('plan', None), models.Q(('worth_class', ''), _negated=True)), models.Q(('plan', None), ('worth_class', ''), models.Q(('channel', ''), _negated=True)), _connector='OR'), name='effect_of_one_thing'), models.CheckConstraint(condition=models.Q(('high__lte', Decimal('1')), ('low__gte', Decimal('-1')), ('high__gte', models.F('effect')), ('low__lte', models.F('effect'))), name='effect_within_its_interval'), models.CheckConstraint(condition=models.Q(('measured_until__gte', models.F('measured_from'))), name='effect_period_ends_later'), models.UniqueConstraint(condition=models.Q(('retired_at', None)), fields=('plan', 'worth_class', 'channel'), name='effect_one_current', nulls_distinct=False)],
                    },
                ),
                migrations.CreateModel(
                    name='PlanAssignment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('since', models.DateField()),
                        ('until', models.DateField(blank=True, null=True)),
                        ('is_by_hand', models.BooleanField(default=False)),
                        ('worth_class', models.CharField(blank=True, choices=[('current_key', 'Current key'), ('potential_key', 'Potential key'), ('general', 'General'), ('never_profitable', 'Never profitable')], db_default='', default='', max_length=20)),
                        ('ends_on', models.DateField(blank=True, null=True)),
                        ('reason', models.CharField(blank=True, default='', max_length=300)),
                        ('ended_because', models.CharField(blank=True, default='', max_length=300)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                        ('assigned_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='campaigns.retentionplan')),
                    ],
                    options={
                        'ordering': ['-since', '-pk'],
                        'indexes': [models.Index(condition=models.Q(('until', None)), fields=['plan', 'account'], name='assignment_open_by_plan'), models.Index(fields=['account', 'since'], name='assignment_by_account')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('until', None)), fields=('account',), name='assignment_one_open'), models.CheckConstraint(condition=models.Q(('until', None), ('until__gte', models.F('since')), _connector='OR'), name='assignment_ends_after_it_begins')],
                    },
                ),
                migrations.CreateModel(
                    name='PlannedTouch',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('lineage', models.UUIDField()),
                        ('period', models.CharField(help_text='such as 2026-Q4/1', max_length=16)),
                        ('due_on', models.DateField()),
                        ('owner_role', models.CharField(choices=[('rep', 'Account owner'), ('manager', 'Management'), ('marketer', 'Marketing')], max_length=10)),
                        ('status', models.CharField(choices=[('due', 'Due'), ('done', 'Done'), ('skipped', 'Skipped'), ('cancelled', 'Cancelled'), ('expired', 'Expired')], default='due', max_length=10)),
                        ('closed_at', models.DateTimeField(blank=True, null=True)),
                        ('reason', models.CharField(blank=True, default='', max_length=300)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                        ('assigned_to', models.ForeignKey(blank=True, help_text='who does it instead of whom its role says', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('touchpoint', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.touchpoint')),
                        ('template', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='planned', to='campaigns.touchtemplate')),
                    ],
                    options={
                        'verbose_name_plural': 'planned touches',
                        'ordering': ['due_on', 'pk'],
                        'indexes': [models.Index(condition=models.Q(('status', 'due')), fields=['account', 'due_on'], name='touch_due_by_account'), models.Index(condition=models.Q(('status', 'due')), fields=['owner_role', 'due_on'], name='touch_due_by_role'), models.Index(condition=models.Q(('assigned_to__isnull', False), ('status', 'due')), fields=['assigned_to', 'due_on'], name='touch_due_by_assignee')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'cancelled'), _negated=True), fields=('account', 'lineage', 'period'), name='touch_once_per_period'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('status', 'due')), models.Q(models.Q(('status', 'due'), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='touch_closed_has_a_time')],
                    },
                ),
                migrations.CreateModel(
                    name='PlanningRule',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('country', models.CharField(blank=True, default='DE', help_text='ISO 3166-1, empty: none', max_length=2)),
                        ('region', models.CharField(blank=True, default='', max_length=10)),
                        ('quiet_from', models.TimeField(default=datetime.time(19, 0))),
                        ('quiet_until', models.TimeField(default=datetime.time(8, 0))),
                        ('collision_days', models.PositiveSmallIntegerField(default=10)),
                        ('touches_a_week', models.PositiveSmallIntegerField(default=3)),
                        ('hours_a_week', models.DecimalField(decimal_places=1, default=Decimal('16'), help_text="a rep's hours for planned touches, unless said otherwise", max_digits=4)),
                        ('reason', models.CharField(max_length=300)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['-pk'],
                        'constraints': [models.CheckConstraint(condition=models.Q(('touches_a_week__gte', 1)), name='planning_rule_one_a_week'), models.CheckConstraint(condition=models.Q(('hours_a_week__range', (0, 80))), name='planning_rule_hours_0_to_80')],
                    },
                ),
                migrations.CreateModel(
                    name='PlanVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('number', models.PositiveIntegerField()),
                        ('status', models.CharField(choices=[('draft', 'Draft'), ('published', 'Published'), ('archived', 'Archived')], default='draft', max_length=10)),
                        ('valid_from', models.DateField(blank=True, null=True)),
                        ('runs_days', models.PositiveSmallIntegerField(blank=True, help_text='how long an account follows it; empty: as long as it fits', null=True)),
                        ('note', models.CharField(blank=True, default='', max_length=300)),
                        ('published_at', models.DateTimeField(blank=True, null=True)),
                        ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='campaigns.retentionplan')),
                    ],
                    options={
                        'ordering': ['-number'],
                        'constraints': [models.UniqueConstraint(fields=('plan', 'number'), name='version_number_once'), models.UniqueConstraint(condition=models.Q(('status', 'published')), fields=('plan',), name='version_one_published'), models.UniqueConstraint(condition=models.Q(('status', 'draft')), fields=('plan',), name='version_one_draft')],
                        'triggers': [pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."author_id" IS DISTINCT FROM (NEW."author_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."note" IS DISTINCT FROM (NEW."note") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."plan_id" IS DISTINCT FROM (NEW."plan_id") OR OLD."published_at" IS DISTINCT FROM (NEW."published_at") OR OLD."runs_days" IS DISTINCT FROM (NEW."runs_days") OR OLD."status" IS DISTINCT FROM (NEW."status") OR OLD."valid_from" IS DISTINCT FROM (NEW."valid_from") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "campaigns_planversionevent" ("author_id", "created_at", "id", "note", "number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "published_at", "runs_days", "status", "valid_from", "version") VALUES (NEW."author_id", NEW."created_at", NEW."id", NEW."note", NEW."number", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."plan_id", NEW."published_at", NEW."runs_days", NEW."status", NEW."valid_from", NEW."version"); RETURN NULL;', hash='b79eeda585c7af8fd3d3b5d9db92befcc91d27c1', operation='UPDATE', pgid='pgtrigger_update_update_77375', table='campaigns_planversion', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "campaigns_planversionevent" ("author_id", "created_at", "id", "note", "number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "published_at", "runs_days", "status", "valid_from", "version") VALUES (OLD."author_id", OLD."created_at", OLD."id", OLD."note", OLD."number", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."plan_id", OLD."published_at", OLD."runs_days", OLD."status", OLD."valid_from", OLD."version"); RETURN NULL;', hash='c53e9142ad45e63652d7d80e58353480ec883efa', operation='DELETE', pgid='pgtrigger_delete_delete_21b05', table='campaigns_planversion', when='AFTER'))],
                    },
                ),
                migrations.CreateModel(
                    name='PlanVersionEvent',
                    fields=[
                        ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('id', models.BigIntegerField()),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('number', models.PositiveIntegerField()),
                        ('status', models.CharField(choices=[('draft', 'Draft'), ('published', 'Published'), ('archived', 'Archived')], default='draft', max_length=10)),
                        ('valid_from', models.DateField(blank=True, null=True)),
                        ('runs_days', models.PositiveSmallIntegerField(blank=True, help_text='how long an account follows it; empty: as long as it fits', null=True)),
                        ('note', models.CharField(blank=True, default='', max_length=300)),
                        ('published_at', models.DateTimeField(blank=True, null=True)),
                        ('author', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='campaigns.planversion')),
                        ('plan', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='campaigns.retentionplan')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='RepCapacity',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('hours_a_week', models.DecimalField(decimal_places=1, max_digits=4)),
                        ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name_plural': 'rep capacities',
                        'constraints': [models.CheckConstraint(condition=models.Q(('hours_a_week__range', (0, 80))), name='capacity_0_to_80')],
                        'triggers': [pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."hours_a_week" IS DISTINCT FROM (NEW."hours_a_week") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "campaigns_repcapacityevent" ("created_at", "hours_a_week", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id", "version") VALUES (NEW."created_at", NEW."hours_a_week", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."user_id", NEW."version"); RETURN NULL;', hash='eb5d31b1e1378c4b76ff472335c38b2d886fb42c', operation='UPDATE', pgid='pgtrigger_update_update_fa1c0', table='campaigns_repcapacity', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "campaigns_repcapacityevent" ("created_at", "hours_a_week", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id", "version") VALUES (OLD."created_at", OLD."hours_a_week", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."user_id", OLD."version"); RETURN NULL;', hash='8697994df81a7a3bbab8eea453b023b9044ec903', operation='DELETE', pgid='pgtrigger_delete_delete_563a8', table='campaigns_repcapacity', when='AFTER'))],
                    },
                ),
                migrations.CreateModel(
                    name='RepCapacityEvent',
                    fields=[
                        ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('id', models.BigIntegerField()),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('hours_a_week', models.DecimalField(decimal_places=1, max_digits=4)),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='campaigns.repcapacity')),
                        ('user', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='RetentionPlan',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('worth_class', models.CharField(blank=True, choices=[('current_key', 'Current key'), ('potential_key', 'Potential key'), ('general', 'General'), ('never_profitable', 'Never profitable')], default='', max_length=20)),
                        ('name', models.CharField(max_length=150)),
                        ('is_automatic', models.BooleanField(db_default=True, default=True)),
                        ('relationship_type', models.CharField(blank=True, choices=[('transactional', 'Buys now and then'), ('contract', 'Framework contract'), ('partner', 'Partner'), ('reseller', 'Reseller'), ('', 'Not known')], db_default='', default='', help_text='empty: every type', max_length=20)),
                        ('tag', models.ForeignKey(blank=True, help_text='the tag that marks a persona', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.tag')),
                        ('territory', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.territory')),
                    ],
                    options={
                        'ordering': ['pk'],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('is_automatic', True)), fields=('worth_class', 'relationship_type', 'territory', 'tag'), name='plan_once_for_whom', nulls_distinct=False)],
                    },
                ),
                migrations.CreateModel(
                    name='SavedQuestion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('question', models.CharField(max_length=40)),
                        ('name', models.CharField(max_length=120)),
                        ('query', models.CharField(blank=True, default='', max_length=1000)),
                        ('is_shared', models.BooleanField(default=False)),
                        ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['name', 'pk'],
                        'constraints': [models.UniqueConstraint(fields=('owner', 'name'), name='saved_question_name_once_per_owner'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='saved_question_has_a_name')],
                    },
                ),
                migrations.CreateModel(
                    name='ServiceLevel',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('worth_class', models.CharField(blank=True, choices=[('current_key', 'Current key'), ('potential_key', 'Potential key'), ('general', 'General'), ('never_profitable', 'Never profitable'), ('', 'Not classed yet')], max_length=20)),
                        ('urgency', models.CharField(choices=[('low', 'Low'), ('normal', 'Normal'), ('high', 'High'), ('urgent', 'Urgent')], max_length=6)),
                        ('answer_minutes', models.PositiveIntegerField()),
                        ('resolve_minutes', models.PositiveIntegerField()),
                        ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='levels', to='campaigns.serviceversion')),
                    ],
                    options={
                        'ordering': ['pk'],
                        'constraints': [models.UniqueConstraint(fields=('version', 'worth_class', 'urgency'), include=('answer_minutes', 'resolve_minutes'), name='service_level_once'), models.CheckConstraint(condition=models.Q(('answer_minutes__gt', 0), ('resolve_minutes__gte', models.F('answer_minutes'))), name='service_level_in_range')],
                    },
                ),
                migrations.CreateModel(
                    name='ServiceVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('warning_share', models.DecimalField(decimal_places=3, default=Decimal('0.250'), max_digits=4)),
                        ('reason', models.CharField(max_length=300)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['-pk'],
                        'constraints': [models.CheckConstraint(condition=models.Q(('warning_share__gt', 0), ('warning_share__lt', 1)), name='service_warning_share_in_range')],
                    },
                ),
                migrations.CreateModel(
                    name='SettledItem',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('source', models.CharField(max_length=20)),
                        ('item', models.CharField(max_length=60)),
                        ('settled_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('settled_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('source', 'item'), name='settled_once_per_item')],
                    },
                ),
                migrations.CreateModel(
                    name='Snooze',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('source', models.CharField(max_length=20)),
                        ('item', models.CharField(max_length=60)),
                        ('until', models.DateField()),
                        ('reason', models.CharField(blank=True, default='', max_length=300)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('user', 'source', 'item'), name='snooze_once_per_item')],
                    },
                ),
                migrations.CreateModel(
                    name='TouchException',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('lineage', models.UUIDField()),
                        ('period', models.CharField(max_length=16)),
                        ('due_on', models.DateField(help_text='the day that it would have had')),
                        ('kind', models.CharField(choices=[('counted', 'A contact by hand counts instead'), ('do_not_contact', 'Everybody there asked not to be contacted'), ('no_consent', 'Nobody there allows it'), ('capped', 'More than may reach an account'), ('no_day', 'No open day in its time')], max_length=20)),
                        ('reason', models.CharField(max_length=300)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                        ('touchpoint', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.touchpoint')),
                        ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.touchtemplate')),
                    ],
                    options={
                        'ordering': ['-due_on', '-pk'],
                        'indexes': [models.Index(fields=['due_on', 'kind'], name='exception_by_day')],
                        'constraints': [models.UniqueConstraint(fields=('account', 'lineage', 'period'), name='exception_once_per_period'), models.UniqueConstraint(condition=models.Q(('touchpoint__isnull', False)), fields=('touchpoint',), name='exception_contact_counts_once')],
                    },
                ),
                migrations.CreateModel(
                    name='TouchTemplate',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('title', models.CharField(max_length=150)),
                        ('channel', models.CharField(choices=[('phone', 'Call'), ('email', 'E-mail'), ('meeting', 'Meeting'), ('visit', 'Visit'), ('message', 'Message'), ('post', 'Post'), ('web', 'Web'), ('chat', 'Chat'), ('social', 'Social'), ('event', 'Event'), ('gift', 'Gift'), ('note', 'Note')], max_length=10)),
                        ('cadence', models.CharField(choices=[('week', 'week'), ('month', 'month'), ('quarter', 'quarter'), ('year', 'year'), ('weeks', 'few weeks'), ('anniversary', 'anniversary'), ('onboarding', 'day after first contact')], max_length=12)),
                        ('times', models.PositiveSmallIntegerField(default=1, help_text='how many in each period')),
                        ('every', models.PositiveSmallIntegerField(db_default=1, default=1)),
                        ('offset_days', models.SmallIntegerField(db_default=0, default=0)),
                        ('unit_cost', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True)),
                        ('minutes', models.PositiveSmallIntegerField(default=0)),
                        ('owner_role', models.CharField(choices=[('rep', 'Account owner'), ('manager', 'Management'), ('marketer', 'Marketing')], max_length=10)),
                        ('head', models.CharField(choices=[('marketing', 'Marketing'), ('retention', 'Retention'), ('account_management', 'Account management'), ('service', 'Service')], max_length=20)),
                        ('care', models.CharField(blank=True, choices=[('C', 'Cultivate more customers'), ('A', 'Acquire share from competitors'), ('R', 'Retain by excellent service'), ('E', 'Expand share of wallet'), ('', 'Not said')], default='', max_length=1)),
                        ('topic', models.CharField(blank=True, db_default='', default='', help_text='the topic that a person must not have refused', max_length=60)),
                        ('subject', models.CharField(blank=True, db_default='', default='', max_length=200)),
                        ('content', models.TextField(blank=True, default='')),
                        ('lineage', models.UUIDField(default=uuid.uuid4, editable=False)),
                        ('position', models.PositiveSmallIntegerField(default=0)),
                        ('event_type', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.eventtype')),
                        ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='touches', to='campaigns.planversion')),
                    ],
                    options={
                        'ordering': ['position', 'pk'],
                        'constraints': [models.UniqueConstraint(fields=('version', 'lineage'), name='touch_lineage_once'), models.CheckConstraint(condition=models.Q(('unit_cost', None), ('unit_cost__gte', Decimal('0')), _connector='OR'), name='touch_unit_cost_not_below_0'), models.CheckConstraint(condition=models.Q(('times__range', (1, 31))), name='touch_times_1_to_31'), models.CheckConstraint(condition=models.Q(('every__range', (1, 104))), name='touch_every_1_to_104')],
                    },
                ),
                migrations.CreateModel(
                    name='WebhookCall',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('event_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('sequence', models.PositiveIntegerField()),
                        ('body', models.TextField()),
                        ('status', models.CharField(choices=[('planned', 'Waiting'), ('retry', 'Tried, waiting'), ('calling', 'Being sent'), ('delivered', 'Delivered'), ('given_up', 'Given up'), ('cancelled', 'Cancelled')], default='planned', max_length=10)),
                        ('not_before', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ('give_up_at', models.DateTimeField()),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('lease', models.UUIDField(blank=True, null=True)),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('http_status', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('answer', models.CharField(blank=True, default='', max_length=500)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('finished_at', models.DateTimeField(blank=True, null=True)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                        ('firing', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='calls', to='campaigns.firing')),
                        ('endpoint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='campaigns.webhookendpoint')),
                    ],
                    options={
                        'ordering': ['-pk'],
                        'indexes': [models.Index(models.F('not_before'), condition=models.Q(('status__in', ('planned', 'retry'))), name='webhook_call_waiting'), models.Index(models.F('leased_until'), condition=models.Q(('status', 'calling')), name='webhook_call_leased')],
                        'constraints': [models.UniqueConstraint(fields=('endpoint', 'account', 'sequence'), name='webhook_call_in_order'), models.CheckConstraint(condition=models.Q(('lease', None), ('leased_until__isnull', False), _connector='OR'), name='webhook_lease_ends')],
                    },
                ),
                migrations.CreateModel(
                    name='WebhookEndpoint',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('name', models.CharField(max_length=100)),
                        ('url', models.CharField(max_length=500)),
                        ('secret', models.CharField(max_length=100)),
                        ('is_active', models.BooleanField(default=True)),
                    ],
                    options={
                        'ordering': ['name', 'pk'],
                        'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='webhook_name_once'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='webhook_has_a_name')],
                    },
                ),
                migrations.CreateModel(
                    name='AutomationCursor',
                    fields=[
                        ('automation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='cursor', serialize=False, to='campaigns.automation')),
                        ('started_at', models.DateTimeField()),
                        ('seen_until', models.DateTimeField()),
                        ('floors', models.JSONField(blank=True, default=dict)),
                        ('is_past_noted', models.BooleanField(default=False)),
                        ('states_until', models.BigIntegerField(blank=True, null=True)),
                        ('days_until', models.DateField(blank=True, null=True)),
                        ('looked_at', models.DateTimeField(blank=True, null=True)),
                    ],
                ),
            ],
        ),
        migrations.RunSQL(
            """
            CREATE TABLE campaigns_standing (
                run_id bigint NOT NULL,
                account_id bigint NOT NULL,
                class_rank smallint,
                clv numeric(14, 2) NOT NULL,
                trend numeric(14, 2),
                realised_profit numeric(14, 2) NOT NULL,
                revenue_year numeric(14, 2) NOT NULL,
                margin_year numeric(14, 2) NOT NULL,
                cost_year numeric(14, 2) NOT NULL,
                order_count integer NOT NULL,
                last_order_on date,
                next_touch_on date,
                care_left numeric(14, 2),
                PRIMARY KEY (run_id, account_id)
            ) PARTITION BY LIST (run_id);
            CREATE INDEX standing_by_class
                ON campaigns_standing (class_rank, clv, account_id);
            CREATE INDEX standing_by_trend ON campaigns_standing (trend, account_id);
            CREATE INDEX standing_by_profit
                ON campaigns_standing (realised_profit, account_id);
            CREATE INDEX standing_by_revenue
                ON campaigns_standing (revenue_year, account_id);
            CREATE INDEX standing_by_margin
                ON campaigns_standing (margin_year, account_id);
            CREATE INDEX standing_by_cost ON campaigns_standing (cost_year, account_id);
            CREATE INDEX standing_by_orders
                ON campaigns_standing (order_count, account_id);
            CREATE INDEX standing_by_last_order
                ON campaigns_standing (last_order_on, account_id);
            CREATE INDEX standing_by_touch
                ON campaigns_standing (next_touch_on, account_id);
            CREATE INDEX standing_by_care_left
                ON campaigns_standing (care_left, account_id);
            """,
            "DROP TABLE campaigns_standing",
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
