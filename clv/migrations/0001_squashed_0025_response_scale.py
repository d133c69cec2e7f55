"""All of the first twenty-five migrations in one, for databases that begin now.

One that has run them keeps them: Django tells by `replaces`.
"""

import clv.models.assumptions
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from common.operations import CreateModels


def fill(apps, schema_editor):
    apps.get_model("clv", "Assumptions").objects.create(reason="The defaults")


class Migration(migrations.Migration):

    replaces = [('clv', '0001_initial'), ('clv', '0002_initial'), ('clv', '0003_valuation_partitions'), ('clv', '0004_first_assumptions'), ('clv', '0005_summary_state'), ('clv', '0006_value_by_future'), ('clv', '0007_change_rollups'), ('clv', '0008_judgements'), ('clv', '0009_expansion_rates'), ('clv', '0010_assumptions_previews'), ('clv', '0011_cost_by_kind'), ('clv', '0012_summaries_again'), ('clv', '0013_trait_codes'), ('clv', '0014_like_groups'), ('clv', '0015_judgement_brief'), ('clv', '0016_contracts'), ('clv', '0017_future_spread'), ('clv', '0018_industry_of_like_groups'), ('clv', '0019_run_shards'), ('clv', '0020_forecast_months'), ('clv', '0021_run_has_values'), ('clv', '0022_payback_months'), ('clv', '0023_expansion_offers'), ('clv', '0024_shard_inputs_check'), ('clv', '0025_response_scale')]

    initial = True

    dependencies = [
        ('crm', '0026_notifications'),
    ]

    operations = [
        CreateModels(
            models=[
                migrations.CreateModel(
                    name='Valuation',
                    fields=[
                        ('pk', models.CompositePrimaryKey('run_id', 'account_id', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('first_on', models.DateField(null=True)),
                        ('last_on', models.DateField(null=True)),
                        ('order_days', models.IntegerField()),
                        ('order_count', models.IntegerField()),
                        ('revenue', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('revenue_cost_unknown', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('margin', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('revenue_year', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('margin_year', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('cost_to_win', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('cost_per_order_kinds', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('cost_over_time_kinds', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('cost_year', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('cost_delivery', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                        ('cost_returns', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                        ('cost_credit', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                        ('cost_account_management', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                        ('cost_marketing', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                        ('cost_service', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                        ('cost_other', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                        ('group_code', models.SmallIntegerField(null=True)),
                        ('paid_back_on', models.DateField(null=True)),
                        ('trait_code', models.BigIntegerField(db_default=0)),
                        ('ladder_step', models.CharField(choices=[('individual', 'Own history'), ('pooled', 'Like accounts'), ('assumption', 'Assumption')], max_length=10)),
                        ('probability_alive', models.FloatField(null=True)),
                        ('expected_orders', models.FloatField()),
                        ('expected_orders_year', models.FloatField()),
                        ('expected_margin', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('expected_margin_year', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('expected_cost', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('expected_cost_year', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('future_value', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('future_low', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('future_high', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('future_spread', models.FloatField(null=True)),
                        ('realised_profit', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('clv', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('break_even', models.CharField(choices=[('paid_back', 'Paid back'), ('expected', 'Expected'), ('not_expected', 'Not expected'), ('unknown', 'Not known')], max_length=12)),
                        ('break_even_on', models.DateField(null=True)),
                    ],
                    options={
                        'db_table': 'clv_valuation',
                        'managed': False,
                    },
                ),
                migrations.CreateModel(
                    name='AccountSummary',
                    fields=[
                        ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='crm.account')),
                        ('as_of', models.DateField()),
                        ('first_on', models.DateField(null=True)),
                        ('last_on', models.DateField(null=True)),
                        ('order_days', models.IntegerField(db_default=0)),
                        ('order_count', models.IntegerField(db_default=0)),
                        ('revenue', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('margin_known', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('revenue_cost_unknown', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('revenue_year', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('margin_known_year', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('revenue_cost_unknown_year', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('cost_to_win', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('cost_delivery', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('cost_returns', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('cost_credit', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('cost_account_management', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('cost_marketing', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('cost_service', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('cost_other', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('cost_year', models.DecimalField(db_default=0, decimal_places=2, max_digits=14)),
                        ('paid_back_on', models.DateField(null=True)),
                        ('next_change_on', models.DateField(help_text='the day on which the sums change although nothing is entered', null=True)),
                    ],
                    options={
                        'verbose_name_plural': 'account summaries',
                    },
                ),
                migrations.CreateModel(
                    name='ActualMonth',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('month', models.DateField(help_text='its first day', unique=True)),
                        ('margin_known', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('margin_new', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('counted_on', models.DateField()),
                        ('counted_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                    ],
                    options={
                        'ordering': ['month'],
                    },
                ),
                migrations.CreateModel(
                    name='DemoFirm',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('seed', models.BigIntegerField()),
                        ('as_of', models.DateField()),
                        ('accounts', models.PositiveIntegerField()),
                        ('parameters', models.JSONField()),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                ),
                migrations.CreateModel(
                    name='TrueWorth',
                    fields=[
                        ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='crm.account')),
                        ('is_alive', models.BooleanField()),
                        ('orders_per_year', models.FloatField()),
                        ('dropout_probability', models.FloatField()),
                        ('margin_per_order', models.FloatField()),
                        ('expected_margin_36_months', models.DecimalField(decimal_places=2, max_digits=14)),
                    ],
                ),
                migrations.CreateModel(
                    name='Assumptions',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('annual_rate', models.DecimalField(decimal_places=4, default=Decimal('0.1000'), help_text='yearly discount rate, 0.10 is 10 %', max_digits=6)),
                        ('horizon_months', models.PositiveSmallIntegerField(default=36)),
                        ('margin_rate_if_cost_unknown', models.DecimalField(decimal_places=4, default=Decimal('0.3000'), help_text='share of revenue taken as margin where a line has no unit cost', max_digits=5)),
                        ('retention_effect', models.DecimalField(decimal_places=4, default=Decimal('0.1500'), help_text="share of a year's expected margin that care can at most secure", max_digits=5)),
                        ('response_scale', models.DecimalField(db_default=Decimal('0.0500'), decimal_places=4, default=Decimal('0.0500'), help_text="spend on care, as a share of a year's expected margin, at which 63 % of what care can secure is secured", max_digits=5)),
                        ('prior_orders_per_year', models.DecimalField(blank=True, decimal_places=2, help_text='days with orders a year of a typical customer, while a customer', max_digits=7, null=True)),
                        ('prior_share_leaving', models.DecimalField(blank=True, decimal_places=4, help_text='share of typical customers that leave within a year', max_digits=5, null=True)),
                        ('prior_margin_per_order', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                        ('prior_strength', models.PositiveSmallIntegerField(choices=[(1, 'Weakly'), (4, 'Clearly'), (16, 'Strongly')], default=1, help_text="how many times the engine's weak prior it counts")),
                        ('cost_drivers', models.JSONField(default=clv.models.assumptions.default_cost_drivers, help_text='kind of cost to serve: grows with each order, or with each year')),
                        ('reason', models.CharField(blank=True, default='', max_length=300)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('equity_before', models.DecimalField(blank=True, decimal_places=2, max_digits=18, null=True)),
                        ('equity_after', models.DecimalField(blank=True, decimal_places=2, max_digits=18, null=True)),
                        ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name_plural': 'assumptions',
                        'ordering': ['-pk'],
                        'abstract': False,
                        'constraints': [models.CheckConstraint(condition=models.Q(('annual_rate__gte', 0), ('annual_rate__lte', 1), ('horizon_months__range', (1, 120)), ('margin_rate_if_cost_unknown__range', (0, 1)), ('retention_effect__range', (0, 1)), ('response_scale__gt', 0), ('response_scale__lte', 1)), name='assumptions_in_range'), models.CheckConstraint(condition=models.Q(models.Q(('prior_orders_per_year', None), ('prior_orders_per_year__gt', 0), _connector='OR'), models.Q(('prior_share_leaving', None), models.Q(('prior_share_leaving__gt', 0), ('prior_share_leaving__lt', 1)), _connector='OR'), models.Q(('prior_margin_per_order', None), ('prior_margin_per_order__gt', 0), _connector='OR'), ('prior_strength__in', [1, 4, 16])), name='assumptions_prior_in_range')],
                    },
                ),
                migrations.CreateModel(
                    name='AssumptionsDraft',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('annual_rate', models.DecimalField(decimal_places=4, default=Decimal('0.1000'), help_text='yearly discount rate, 0.10 is 10 %', max_digits=6)),
                        ('horizon_months', models.PositiveSmallIntegerField(default=36)),
                        ('margin_rate_if_cost_unknown', models.DecimalField(decimal_places=4, default=Decimal('0.3000'), help_text='share of revenue taken as margin where a line has no unit cost', max_digits=5)),
                        ('retention_effect', models.DecimalField(decimal_places=4, default=Decimal('0.1500'), help_text="share of a year's expected margin that care can at most secure", max_digits=5)),
                        ('response_scale', models.DecimalField(db_default=Decimal('0.0500'), decimal_places=4, default=Decimal('0.0500'), help_text="spend on care, as a share of a year's expected margin, at which 63 % of what care can secure is secured", max_digits=5)),
                        ('prior_orders_per_year', models.DecimalField(blank=True, decimal_places=2, help_text='days with orders a year of a typical customer, while a customer', max_digits=7, null=True)),
                        ('prior_share_leaving', models.DecimalField(blank=True, decimal_places=4, help_text='share of typical customers that leave within a year', max_digits=5, null=True)),
                        ('prior_margin_per_order', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                        ('prior_strength', models.PositiveSmallIntegerField(choices=[(1, 'Weakly'), (4, 'Clearly'), (16, 'Strongly')], default=1, help_text="how many times the engine's weak prior it counts")),
                        ('cost_drivers', models.JSONField(default=clv.models.assumptions.default_cost_drivers, help_text='kind of cost to serve: grows with each order, or with each year')),
                        ('author', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('based_on', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clv.assumptions')),
                    ],
                    options={
                        'abstract': False,
                        'constraints': [models.CheckConstraint(condition=models.Q(('annual_rate__gte', 0), ('annual_rate__lte', 1), ('horizon_months__range', (1, 120)), ('margin_rate_if_cost_unknown__range', (0, 1)), ('retention_effect__range', (0, 1)), ('response_scale__gt', 0), ('response_scale__lte', 1)), name='assumptionsdraft_in_range'), models.CheckConstraint(condition=models.Q(models.Q(('prior_orders_per_year', None), ('prior_orders_per_year__gt', 0), _connector='OR'), models.Q(('prior_share_leaving', None), models.Q(('prior_share_leaving__gt', 0), ('prior_share_leaving__lt', 1)), _connector='OR'), models.Q(('prior_margin_per_order', None), ('prior_margin_per_order__gt', 0), _connector='OR'), ('prior_strength__in', [1, 4, 16])), name='assumptionsdraft_prior_in_range')],
                    },
                ),
                migrations.CreateModel(
                    name='ExpansionOffer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('complement', 'Goes with'), ('upgrade', 'Replaces')], max_length=10)),
                        ('probability', models.FloatField()),
                        ('yearly_gain', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('by_on', models.DateField(null=True)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                        ('base', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.product')),
                        ('offered', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.product')),
                    ],
                    options={
                        'ordering': ['-amount', 'pk'],
                        'indexes': [models.Index(fields=['amount', 'id'], name='offer_by_amount')],
                        'constraints': [models.UniqueConstraint(fields=('account', 'offered'), name='expansion_offer_once')],
                    },
                ),
                migrations.CreateModel(
                    name='OfferDecision',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('kind', models.CharField(choices=[('complement', 'Goes with'), ('upgrade', 'Replaces')], max_length=10)),
                        ('state', models.CharField(choices=[('accepted', 'Taken up'), ('dismissed', 'Dismissed')], max_length=10)),
                        ('reason', models.CharField(blank=True, choices=[('no_need', 'They do not need it'), ('elsewhere', 'They have it from somebody else'), ('price', 'Too dear for them'), ('asked', 'Offered lately, they said no'), ('wrong_time', 'Not now'), ('bad_idea', 'Does not go with what they have')], default='', max_length=12)),
                        ('note', models.CharField(blank=True, default='', max_length=300)),
                        ('decided_on', models.DateField()),
                        ('silent_until', models.DateField(blank=True, null=True)),
                        ('probability', models.FloatField(blank=True, null=True)),
                        ('yearly_gain', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                        ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                        ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                        ('base', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.product')),
                        ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('offered', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.product')),
                        ('task', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.task')),
                        ('withdrawn_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['-decided_on', '-pk'],
                        'indexes': [models.Index(fields=['state', 'decided_on'], name='offer_decision_by_day'), models.Index(fields=['account', 'decided_on'], name='offer_decision_by_account')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('silent_until', None), ('state', 'accepted')), models.Q(('silent_until__isnull', False), ('state', 'dismissed'), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='offer_dismissed_with_a_reason')],
                    },
                ),
                migrations.CreateModel(
                    name='SummaryState',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('as_of', models.DateField()),
                        ('changes_until', models.DateTimeField()),
                        ('margin_rate', models.DecimalField(decimal_places=4, max_digits=5)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='summary_state_one_row')],
                    },
                ),
                migrations.CreateModel(
                    name='ValuationRun',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('as_of', models.DateField()),
                        ('kind', models.CharField(choices=[('nightly', 'Nightly'), ('on_demand', 'On demand'), ('rerun', 'From stored inputs'), ('preview', 'To see the effect of assumptions')], max_length=10)),
                        ('status', models.CharField(choices=[('queued', 'Waiting for a worker'), ('running', 'Running'), ('published', 'Published'), ('superseded', 'Replaced by a later run of the same day'), ('checked', 'Same as stored'), ('previewed', 'Worked out, not published'), ('failed', 'Failed')], default='queued', max_length=10)),
                        ('is_current', models.BooleanField(default=False)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('started_at', models.DateTimeField(blank=True, null=True)),
                        ('finished_at', models.DateTimeField(blank=True, null=True)),
                        ('token', models.PositiveIntegerField(default=0)),
                        ('lease_until', models.DateTimeField(blank=True, null=True)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('failure', models.TextField(blank=True, default='')),
                        ('accounts_present', models.PositiveIntegerField(blank=True, null=True)),
                        ('accounts_valued', models.PositiveIntegerField(blank=True, null=True)),
                        ('model_name', models.CharField(blank=True, default='', max_length=40)),
                        ('parameters', models.JSONField(blank=True, default=dict)),
                        ('metrics', models.JSONField(blank=True, default=dict)),
                        ('digest', models.CharField(blank=True, default='', max_length=64)),
                        ('has_values', models.BooleanField(default=True, help_text='false once the values of an old run were dropped')),
                        ('assumptions', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clv.assumptions')),
                        ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('rerun_of', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reruns', to='clv.valuationrun')),
                    ],
                    options={
                        'ordering': ['-as_of', '-pk'],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('is_current',), name='run_one_is_current'), models.UniqueConstraint(condition=models.Q(('status', 'published')), fields=('as_of',), name='run_one_published_per_day'), models.UniqueConstraint(condition=models.Q(('status', 'running')), fields=('status',), name='run_one_at_a_time'), models.CheckConstraint(condition=models.Q(('is_current', False), ('status', 'published'), _connector='OR'), name='run_current_is_published')],
                    },
                ),
                migrations.CreateModel(
                    name='RunStep',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=20)),
                        ('position', models.PositiveSmallIntegerField()),
                        ('started_at', models.DateTimeField()),
                        ('finished_at', models.DateTimeField(blank=True, null=True)),
                        ('rows', models.PositiveIntegerField(blank=True, null=True)),
                        ('detail', models.JSONField(blank=True, default=dict)),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='clv.valuationrun')),
                    ],
                    options={
                        'ordering': ['position'],
                        'constraints': [models.UniqueConstraint(fields=('run', 'name'), name='step_once_per_run')],
                    },
                ),
                migrations.CreateModel(
                    name='RunShard',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.PositiveIntegerField()),
                        ('first_account', models.BigIntegerField()),
                        ('last_account', models.BigIntegerField()),
                        ('inputs_check', models.BigIntegerField(blank=True, null=True)),
                        ('run_token', models.PositiveIntegerField()),
                        ('token', models.PositiveIntegerField(default=0)),
                        ('lease_until', models.DateTimeField(blank=True, null=True)),
                        ('finished_at', models.DateTimeField(blank=True, null=True)),
                        ('rows', models.PositiveIntegerField(blank=True, null=True)),
                        ('future_cents', models.BigIntegerField(blank=True, null=True)),
                        ('digest', models.CharField(blank=True, default='', max_length=64)),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shards', to='clv.valuationrun')),
                    ],
                    options={
                        'ordering': ['number'],
                        'constraints': [models.UniqueConstraint(fields=('run', 'number'), name='shard_once_per_run'), models.CheckConstraint(condition=models.Q(('last_account__gte', models.F('first_account'))), name='shard_has_accounts')],
                    },
                ),
                migrations.CreateModel(
                    name='PaybackMonth',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('firm', 'All customers'), ('quarter', 'Quarter of the first order'), ('source', 'Source')], max_length=10)),
                        ('key', models.CharField(blank=True, default='', max_length=20)),
                        ('month', models.IntegerField()),
                        ('customers', models.IntegerField()),
                        ('profit', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'ordering': ['month'],
                        'constraints': [models.UniqueConstraint(fields=('run', 'kind', 'key', 'month'), name='payback_month_once')],
                    },
                ),
                migrations.CreateModel(
                    name='LikeGroup',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('trait_code', models.BigIntegerField()),
                        ('industry', models.CharField(default='', help_text='as one of the accounts writes it', max_length=80)),
                        ('customers', models.PositiveIntegerField(help_text='how many like customers')),
                        ('shared', models.PositiveSmallIntegerField(help_text='traits they share, as bits')),
                        ('margin_per_order', models.FloatField()),
                        ('margin_doubt', models.FloatField()),
                        ('pace', models.FloatField()),
                        ('pace_doubt', models.FloatField()),
                        ('mean_cost_to_win', models.FloatField()),
                        ('share_ordering_again', models.FloatField(help_text='-1 where nobody is old enough')),
                        ('worth_once_won', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('cost_to_win', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('chance_to_win', models.FloatField()),
                        ('prospects_seen', models.PositiveIntegerField(help_text='prospects behind the chance to win; 0 where it is assumed')),
                        ('rank', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('tenure_years', models.FloatField()),
                        ('repeat_share', models.FloatField()),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'indexes': [models.Index(models.F('run'), models.OrderBy(models.F('rank'), descending=True), models.F('trait_code'), name='like_group_by_rank')],
                        'constraints': [models.UniqueConstraint(fields=('run', 'trait_code'), name='like_group_once'), models.CheckConstraint(condition=models.Q(('chance_to_win__range', (0, 1)), ('repeat_share__range', (0, 1))), name='like_group_in_range')],
                    },
                ),
                migrations.CreateModel(
                    name='Judgement',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('as_of', models.DateField()),
                        ('judged_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('light', models.CharField(choices=[('green', 'Good'), ('amber', 'With care'), ('red', 'Do not rely on it'), ('unknown', 'Cannot be judged yet')], max_length=10)),
                        ('sentence', models.TextField()),
                        ('result', models.JSONField(blank=True, default=dict)),
                        ('brief', models.JSONField(blank=True, default=dict)),
                        ('run', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='judgement', to='clv.valuationrun')),
                    ],
                    options={
                        'ordering': ['-as_of', '-pk'],
                    },
                ),
                migrations.CreateModel(
                    name='ForecastMonth',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('worth_class', models.CharField(blank=True, default='', max_length=20)),
                        ('month', models.DateField(help_text='its first day')),
                        ('orders', models.FloatField()),
                        ('margin', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('cost', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('margin_low', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('margin_high', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'ordering': ['month'],
                        'constraints': [models.UniqueConstraint(fields=('run', 'worth_class', 'month'), name='forecast_month_once'), models.CheckConstraint(condition=models.Q(('margin_low__lte', models.F('margin_high'))), name='forecast_month_interval')],
                    },
                ),
                migrations.CreateModel(
                    name='ExpansionRate',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('complement', 'Goes with'), ('upgrade', 'Replaces')], max_length=10)),
                        ('size_band', models.CharField(blank=True, choices=[('1-9', '1 to 9 people'), ('10-49', '10 to 49 people'), ('50-249', '50 to 249 people'), ('250+', '250 people and more'), ('', 'Not known')], max_length=10)),
                        ('owners', models.PositiveIntegerField()),
                        ('buyers', models.PositiveIntegerField()),
                        ('probability', models.FloatField()),
                        ('yearly_gain', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('lag_days', models.IntegerField(help_text='half of the buyers bought within so many days of the base', null=True)),
                        ('base', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.product')),
                        ('offered', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.product')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'size_band', 'base', 'offered', 'kind'), name='expansion_rate_once'), models.CheckConstraint(condition=models.Q(('probability__gte', 0), ('probability__lte', 1), ('buyers__lte', models.F('owners')), ('yearly_gain__gt', 0)), name='expansion_rate_in_range')],
                    },
                ),
                migrations.CreateModel(
                    name='DueSlot',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(max_length=20)),
                        ('business_date', models.DateField()),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('kind', 'business_date'), name='due_slot_once')],
                    },
                ),
                migrations.CreateModel(
                    name='ContractValuation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('started_on', models.DateField()),
                        ('ends_on', models.DateField()),
                        ('term_days', models.PositiveIntegerField()),
                        ('has_ended', models.BooleanField()),
                        ('fee_margin', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('fee_days', models.PositiveIntegerField()),
                        ('other_margin', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('other_days', models.PositiveIntegerField()),
                        ('account', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                        ('product', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.product')),
                        ('run', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'account'), name='contract_valued_once_a_run')],
                    },
                ),
                migrations.CreateModel(
                    name='ChangeRollup',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('worth_class', models.CharField(blank=True, default='', max_length=20)),
                        ('clv_before', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('clv_after', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('moved', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('orders', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('margin', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('cost', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('retention', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('expansion', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('assumptions', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('model', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('before', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'before', 'worth_class'), name='change_rollup_once'), models.CheckConstraint(condition=models.Q(('clv_after', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('clv_before'), '+', models.F('moved')), '+', models.F('orders')), '+', models.F('margin')), '+', models.F('cost')), '+', models.F('retention')), '+', models.F('expansion')), '+', models.F('assumptions')), '+', models.F('model')))), name='change_rollup_parts_sum')],
                    },
                ),
                migrations.CreateModel(
                    name='AssumptionsPreview',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('annual_rate', models.DecimalField(decimal_places=4, default=Decimal('0.1000'), help_text='yearly discount rate, 0.10 is 10 %', max_digits=6)),
                        ('horizon_months', models.PositiveSmallIntegerField(default=36)),
                        ('margin_rate_if_cost_unknown', models.DecimalField(decimal_places=4, default=Decimal('0.3000'), help_text='share of revenue taken as margin where a line has no unit cost', max_digits=5)),
                        ('retention_effect', models.DecimalField(decimal_places=4, default=Decimal('0.1500'), help_text="share of a year's expected margin that care can at most secure", max_digits=5)),
                        ('response_scale', models.DecimalField(db_default=Decimal('0.0500'), decimal_places=4, default=Decimal('0.0500'), help_text="spend on care, as a share of a year's expected margin, at which 63 % of what care can secure is secured", max_digits=5)),
                        ('prior_orders_per_year', models.DecimalField(blank=True, decimal_places=2, help_text='days with orders a year of a typical customer, while a customer', max_digits=7, null=True)),
                        ('prior_share_leaving', models.DecimalField(blank=True, decimal_places=4, help_text='share of typical customers that leave within a year', max_digits=5, null=True)),
                        ('prior_margin_per_order', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                        ('prior_strength', models.PositiveSmallIntegerField(choices=[(1, 'Weakly'), (4, 'Clearly'), (16, 'Strongly')], default=1, help_text="how many times the engine's weak prior it counts")),
                        ('cost_drivers', models.JSONField(default=clv.models.assumptions.default_cost_drivers, help_text='kind of cost to serve: grows with each order, or with each year')),
                        ('result', models.JSONField(blank=True, default=dict)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('based_on', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clv.assumptions')),
                        ('compared', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                        ('run', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='preview', to='clv.valuationrun')),
                    ],
                    options={
                        'ordering': ['-pk'],
                        'abstract': False,
                        'constraints': [models.CheckConstraint(condition=models.Q(('annual_rate__gte', 0), ('annual_rate__lte', 1), ('horizon_months__range', (1, 120)), ('margin_rate_if_cost_unknown__range', (0, 1)), ('retention_effect__range', (0, 1)), ('response_scale__gt', 0), ('response_scale__lte', 1)), name='assumptionspreview_in_range'), models.CheckConstraint(condition=models.Q(models.Q(('prior_orders_per_year', None), ('prior_orders_per_year__gt', 0), _connector='OR'), models.Q(('prior_share_leaving', None), models.Q(('prior_share_leaving__gt', 0), ('prior_share_leaving__lt', 1)), _connector='OR'), models.Q(('prior_margin_per_order', None), ('prior_margin_per_order__gt', 0), _connector='OR'), ('prior_strength__in', [1, 4, 16])), name='assumptionspreview_prior_in_range')],
                    },
                ),
            ],
        ),
        # The values, one partition per run; runs attach theirs when they publish.
        migrations.RunSQL(
            """
            CREATE TABLE clv_valuation (
                run_id bigint NOT NULL,
                account_id bigint NOT NULL,
                first_on date,
                last_on date,
                order_days integer NOT NULL,
                order_count integer NOT NULL,
                revenue numeric(14, 2) NOT NULL,
                revenue_cost_unknown numeric(14, 2) NOT NULL,
                margin numeric(14, 2) NOT NULL,
                revenue_year numeric(14, 2) NOT NULL,
                margin_year numeric(14, 2) NOT NULL,
                cost_to_win numeric(14, 2) NOT NULL,
                cost_per_order_kinds numeric(14, 2) NOT NULL,
                cost_over_time_kinds numeric(14, 2) NOT NULL,
                cost_year numeric(14, 2) NOT NULL,
                paid_back_on date,
                ladder_step varchar(10) NOT NULL,
                probability_alive double precision,
                expected_orders double precision NOT NULL,
                expected_orders_year double precision NOT NULL,
                expected_margin numeric(14, 2) NOT NULL,
                expected_margin_year numeric(14, 2) NOT NULL,
                expected_cost numeric(14, 2) NOT NULL,
                expected_cost_year numeric(14, 2) NOT NULL,
                future_value numeric(14, 2) NOT NULL,
                future_low numeric(14, 2) NOT NULL,
                future_high numeric(14, 2) NOT NULL,
                realised_profit numeric(14, 2) NOT NULL,
                clv numeric(14, 2) NOT NULL,
                break_even varchar(12) NOT NULL,
                break_even_on date,
                cost_delivery numeric(14, 2),
                cost_returns numeric(14, 2),
                cost_credit numeric(14, 2),
                cost_account_management numeric(14, 2),
                cost_marketing numeric(14, 2),
                cost_service numeric(14, 2),
                cost_other numeric(14, 2),
                group_code smallint,
                trait_code bigint NOT NULL DEFAULT 0,
                future_spread double precision,
                PRIMARY KEY (run_id, account_id),
                CONSTRAINT valuation_parts_sum CHECK (
                    future_value = expected_margin - expected_cost
                    AND clv = realised_profit + future_value
                    AND realised_profit = margin - cost_to_win
                        - cost_per_order_kinds - cost_over_time_kinds
                ),
                CONSTRAINT valuation_interval CHECK (
                    future_low <= future_high
                ),
                CONSTRAINT valuation_probability CHECK (
                    probability_alive BETWEEN 0 AND 1
                )
            ) PARTITION BY LIST (run_id);
            CREATE INDEX valuation_by_clv ON clv_valuation (clv, account_id);
            CREATE INDEX valuation_by_future ON clv_valuation (future_value, account_id);
            -- Prospects of one code are worth the same: pages walk from code to code.
            CREATE INDEX valuation_prospects ON clv_valuation (trait_code, account_id)
                WHERE order_days = 0;
            """,
            "DROP TABLE clv_valuation",
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
