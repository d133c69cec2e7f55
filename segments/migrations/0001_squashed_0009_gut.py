"""All of the first nine migrations in one, for databases that begin now.

One that has run them keeps them: Django tells by `replaces`.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from common.operations import CreateModels


class Migration(migrations.Migration):

    replaces = [('segments', '0001_initial'), ('segments', '0002_class_total_equity'), ('segments', '0003_class_total_policy'), ('segments', '0004_class_total_interval'), ('segments', '0005_levers'), ('segments', '0006_class_rule'), ('segments', '0007_value_matrix'), ('segments', '0008_rollups'), ('segments', '0009_gut')]

    initial = True

    dependencies = [
        ('clv', '0024_shard_inputs_check'),
        ('crm', '0033_what_changed_lately'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(
            models=[
                migrations.CreateModel(
                    name='ClassPolicy',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('realised_threshold', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('expected_threshold', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('least_confidence', models.DecimalField(decimal_places=3, default=Decimal('0.500'), help_text='how sure the expected value must reach its threshold; 0.5 takes the expected value itself, 0.9 the lower end of its 80 % range', max_digits=4)),
                        ('cost_limit', models.DecimalField(blank=True, decimal_places=4, help_text="most of last year's margin that serving a current key may cost", max_digits=5, null=True)),
                        ('loss_limit', models.DecimalField(decimal_places=2, default=Decimal('0.00'), help_text='a CLV below this makes an account never profitable', max_digits=14)),
                        ('band', models.DecimalField(decimal_places=4, default=Decimal('0.1000'), help_text='share of a threshold by which a member may miss it', max_digits=5)),
                        ('valid_from', models.DateField(blank=True, help_text='empty: from the run after it was published', null=True)),
                        ('reason', models.CharField(max_length=300)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name_plural': 'class policies',
                        'ordering': ['-pk'],
                        'abstract': False,
                        'constraints': [models.CheckConstraint(condition=models.Q(('expected_threshold__gt', 0), ('realised_threshold__gt', 0), ('band__gte', 0), ('band__lt', 1)), name='classpolicy_in_range'), models.CheckConstraint(condition=models.Q(('least_confidence__range', (Decimal('0.5'), Decimal('0.9'))), models.Q(('cost_limit', None), models.Q(('cost_limit__gt', 0), ('cost_limit__lt', 1)), _connector='OR'), ('loss_limit__lte', 0)), name='classpolicy_limits_in_range')],
                    },
                ),
                migrations.CreateModel(
                    name='ClassPortrait',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('worth_class', models.CharField(choices=[('current_key', 'Current key'), ('potential_key', 'Potential key'), ('general', 'General'), ('never_profitable', 'Never profitable')], max_length=20)),
                        ('facts', models.JSONField()),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'worth_class'), name='class_portrait_once_per_run')],
                    },
                ),
                migrations.CreateModel(
                    name='ClassTotal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('worth_class', models.CharField(choices=[('current_key', 'Current key'), ('potential_key', 'Potential key'), ('general', 'General'), ('never_profitable', 'Never profitable')], max_length=20)),
                        ('accounts', models.PositiveIntegerField()),
                        ('customers', models.PositiveIntegerField(help_text='accounts that ever ordered')),
                        ('clv', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('future_value', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('customer_equity', models.DecimalField(decimal_places=2, help_text='future value of the accounts that ever ordered', max_digits=18)),
                        ('equity_low', models.DecimalField(decimal_places=2, help_text='customer equity lies above this with 90 %; unknown in early runs', max_digits=18, null=True)),
                        ('equity_high', models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                        ('realised_profit', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('margin_year', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('cost_year', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('came', models.PositiveIntegerField()),
                        ('left', models.PositiveIntegerField()),
                        ('policy', models.ForeignKey(help_text='the rule applied; runs from before it was kept have none', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='class_totals', to='segments.classpolicy')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'worth_class'), name='class_total_once_per_run')],
                    },
                ),
                migrations.CreateModel(
                    name='CohortCell',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('worth_class', models.CharField(max_length=20)),
                        ('relationship_type', models.CharField(blank=True, default='', max_length=20)),
                        ('cohort', models.IntegerField(help_text='year × 4 + quarter from 0 to 3')),
                        ('age', models.IntegerField(help_text="quarters since the cohort's")),
                        ('buyers', models.PositiveIntegerField()),
                        ('margin', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'worth_class', 'relationship_type', 'cohort', 'age'), name='cohort_cell_once')],
                    },
                ),
                migrations.CreateModel(
                    name='LeverBase',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('worth_class', models.CharField(blank=True, default='', max_length=20)),
                        ('customers', models.PositiveIntegerField()),
                        ('equity', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('variance', models.FloatField()),
                        ('sums', models.JSONField()),
                        ('newcomer', models.JSONField()),
                        ('facts', models.JSONField(default=dict)),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'worth_class'), name='lever_base_once')],
                    },
                ),
                migrations.CreateModel(
                    name='LeverScenario',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('name', models.CharField(max_length=120)),
                        ('note', models.CharField(blank=True, default='', max_length=500)),
                        ('worth_class', models.CharField(blank=True, choices=[('current_key', 'Current key'), ('potential_key', 'Potential key'), ('general', 'General'), ('never_profitable', 'Never profitable')], default='', max_length=20)),
                        ('levers', models.JSONField()),
                        ('as_of', models.DateField(help_text='the night that the levers were moved on')),
                        ('equity_before', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('equity_after', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('change_low', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('change_high', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('parts', models.JSONField(help_text='effect of each lever in cents')),
                        ('due_on', models.DateField(blank=True, null=True)),
                        ('promised', models.DecimalField(blank=True, decimal_places=2, max_digits=18, null=True)),
                        ('archived_at', models.DateTimeField(blank=True, null=True)),
                        ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('promised_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['-pk'],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('due_on', None), ('promised', None), ('promised_by', None)), models.Q(('due_on__isnull', False), ('promised__isnull', False), ('promised_by__isnull', False)), _connector='OR'), name='scenario_promise_is_whole')],
                    },
                ),
                migrations.CreateModel(
                    name='Membership',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('worth_class', models.CharField(choices=[('current_key', 'Current key'), ('potential_key', 'Potential key'), ('general', 'General'), ('never_profitable', 'Never profitable')], max_length=20)),
                        ('since', models.DateField()),
                        ('until', models.DateField(blank=True, null=True)),
                        ('reason', models.CharField(max_length=400)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                        ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='segments.classpolicy')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'ordering': ['-since', '-pk'],
                        'indexes': [models.Index(condition=models.Q(('until', None)), fields=['worth_class', 'account'], name='membership_open_by_class'), models.Index(fields=['since'], name='membership_by_since'), models.Index(condition=models.Q(('until__isnull', False)), fields=['until'], name='membership_by_until')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('until', None)), fields=('account',), include=('worth_class',), name='membership_one_open'), models.UniqueConstraint(fields=('account', 'since'), name='membership_one_per_start'), models.CheckConstraint(condition=models.Q(('until', None), ('until__gt', models.F('since')), _connector='OR'), name='membership_ends_after_it_begins')],
                    },
                ),
                migrations.CreateModel(
                    name='Nomination',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('quarter', models.DateField(help_text='its first day')),
                        ('as_of', models.DateField(null=True)),
                        ('size', models.PositiveSmallIntegerField(null=True)),
                        ('among', models.PositiveIntegerField(null=True)),
                        ('both', models.PositiveSmallIntegerField(help_text='named, and among the best by future value', null=True)),
                        ('both_by_clv', models.PositiveSmallIntegerField(null=True)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('submitted_at', models.DateTimeField(null=True)),
                        ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'ordering': ['-quarter', '-pk'],
                        'constraints': [models.UniqueConstraint(fields=('author', 'quarter'), name='nomination_once_a_quarter'), models.CheckConstraint(condition=models.Q(models.Q(('among', None), ('as_of', None), ('both', None), ('both_by_clv', None), ('run', None), ('size', None), ('submitted_at', None)), models.Q(('among__gte', models.F('size')), ('as_of__isnull', False), ('both__lte', models.F('size')), ('both_by_clv__lte', models.F('size')), ('run__isnull', False), ('size__gte', 1), ('submitted_at__isnull', False)), _connector='OR'), name='nomination_is_whole')],
                    },
                ),
                migrations.CreateModel(
                    name='NominationEntry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('is_named', models.BooleanField()),
                        ('is_best', models.BooleanField(default=False)),
                        ('rank', models.PositiveIntegerField(null=True)),
                        ('clv_rank', models.PositiveIntegerField(null=True)),
                        ('future_value', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                        ('clv', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                        ('margin', models.DecimalField(decimal_places=2, help_text='realised by that night', max_digits=14, null=True)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                        ('nomination', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='segments.nomination')),
                    ],
                    options={
                        'verbose_name_plural': 'nomination entries',
                        'ordering': ['rank', 'pk'],
                        'constraints': [models.UniqueConstraint(fields=('nomination', 'account'), name='nominated_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Override',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('worth_class', models.CharField(choices=[('current_key', 'Current key'), ('potential_key', 'Potential key'), ('general', 'General'), ('never_profitable', 'Never profitable')], max_length=20)),
                        ('reason', models.CharField(max_length=300)),
                        ('expires_on', models.DateField()),
                        ('ended_at', models.DateTimeField(blank=True, null=True)),
                        ('ending', models.CharField(blank=True, default='', help_text='why it was ended', max_length=300)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                        ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('ended_by', models.ForeignKey(blank=True, help_text='empty where a night let it expire', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['-pk'],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('account',), name='override_one_open')],
                    },
                ),
                migrations.CreateModel(
                    name='PolicyDraft',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('version', models.PositiveIntegerField(db_default=1, editable=False)),
                        ('realised_threshold', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('expected_threshold', models.DecimalField(decimal_places=2, max_digits=14)),
                        ('least_confidence', models.DecimalField(decimal_places=3, default=Decimal('0.500'), help_text='how sure the expected value must reach its threshold; 0.5 takes the expected value itself, 0.9 the lower end of its 80 % range', max_digits=4)),
                        ('cost_limit', models.DecimalField(blank=True, decimal_places=4, help_text="most of last year's margin that serving a current key may cost", max_digits=5, null=True)),
                        ('loss_limit', models.DecimalField(decimal_places=2, default=Decimal('0.00'), help_text='a CLV below this makes an account never profitable', max_digits=14)),
                        ('band', models.DecimalField(decimal_places=4, default=Decimal('0.1000'), help_text='share of a threshold by which a member may miss it', max_digits=5)),
                        ('author', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('based_on', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='segments.classpolicy')),
                    ],
                    options={
                        'abstract': False,
                        'constraints': [models.CheckConstraint(condition=models.Q(('expected_threshold__gt', 0), ('realised_threshold__gt', 0), ('band__gte', 0), ('band__lt', 1)), name='policydraft_in_range'), models.CheckConstraint(condition=models.Q(('least_confidence__range', (Decimal('0.5'), Decimal('0.9'))), models.Q(('cost_limit', None), models.Q(('cost_limit__gt', 0), ('cost_limit__lt', 1)), _connector='OR'), ('loss_limit__lte', 0)), name='policydraft_limits_in_range')],
                    },
                ),
                migrations.CreateModel(
                    name='StoredFigures',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('block', models.CharField(max_length=20)),
                        ('rows', models.JSONField(default=list)),
                        ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'verbose_name_plural': 'stored figures',
                        'constraints': [models.UniqueConstraint(fields=('run', 'block'), name='stored_figures_once')],
                    },
                ),
                migrations.CreateModel(
                    name='ValueMatrix',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('found', models.JSONField()),
                        ('run', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                ),
                migrations.CreateModel(
                    name='ValueTotal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('dimension', models.CharField(choices=[('owner', 'Rep'), ('territory', 'Territory'), ('industry', 'Industry'), ('relationship', 'Relationship')], max_length=20)),
                        ('key', models.CharField(blank=True, default='', max_length=100)),
                        ('worth_class', models.CharField(max_length=20)),
                        ('accounts', models.PositiveIntegerField()),
                        ('customers', models.PositiveIntegerField(help_text='accounts that ever ordered')),
                        ('clv', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('customer_equity', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('expected_margin', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('realised_profit', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('margin_year', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('cost_year', models.DecimalField(decimal_places=2, max_digits=18)),
                        ('variance', models.FloatField(help_text='of customer equity; unknown where a spread is', null=True)),
                        ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'dimension', 'key', 'worth_class'), name='value_total_once')],
                    },
                ),
                migrations.CreateModel(
                    name='ClassingRequest',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                        ('taken_at', models.DateTimeField(blank=True, null=True)),
                        ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['-pk'],
                        'indexes': [models.Index(condition=models.Q(('taken_at', None)), fields=['id'], name='classing_request_open')],
                    },
                ),
            ],
        ),
    ]
