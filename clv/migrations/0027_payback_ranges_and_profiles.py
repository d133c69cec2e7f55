"""Ranges of payback, versions of the ideal profile, fingerprints of sums."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clv', '0026_sums_in_cents'),
        ('crm', '0038_cities_and_industries_cover'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IdealProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(unique=True)),
                ('industries', models.JSONField(blank=True, default=list, help_text='as the night writes them; empty is any')),
                ('size_bands', models.JSONField(blank=True, default=list, help_text='keys of size bands; empty is any')),
                ('least_worth', models.DecimalField(blank=True, decimal_places=2, help_text='expected CLV once won, at least', max_digits=14, null=True)),
                ('note', models.CharField(blank=True, default='', max_length=200)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-version'],
                'constraints': [models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='ideal_profile_from_1')],
            },
        ),
        migrations.CreateModel(
            name='PaybackRange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('low_on', models.DateField(null=True)),
                ('high_on', models.DateField(null=True)),
                ('probability', models.FloatField()),
                ('account', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.account')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clv.valuationrun')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('run', 'account'), name='payback_range_once'), models.CheckConstraint(condition=models.Q(('probability__range', (0, 1))), name='payback_range_is_share')],
            },
        ),
        migrations.AddField(
            model_name='accountsummary',
            name='fingerprint',
            field=models.BigIntegerField(db_default=0, help_text='of all sums, as they are worked out in memory; 0 is not known'),
        ),
    ]
