import django.db.models.deletion
from django.db import migrations, models

MAKE = """
    CREATE TABLE segments_leverfinding (
        run_id bigint NOT NULL,
        account_id bigint NOT NULL,
        cause varchar(20) NOT NULL,
        key varchar(20) NOT NULL,
        money numeric,
        usual numeric,
        base numeric,
        is_hit boolean NOT NULL,
        PRIMARY KEY (run_id, account_id, cause, key)
    ) PARTITION BY LIST (run_id);
    CREATE INDEX lever_finding_by_place
        ON segments_leverfinding (cause, key, account_id) WHERE is_hit;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('clv', '0024_shard_inputs_check'),
        ('crm', '0033_what_changed_lately'),
        ('segments', '0001_squashed_0009_gut'),
    ]

    operations = [
        migrations.AddField(
            model_name='storedfigures',
            name='made_at',
            field=models.DateTimeField(help_text='when its rows were read', null=True),
        ),
        migrations.AddField(
            model_name='storedfigures',
            name='seconds',
            field=models.FloatField(default=0.0, help_text='that summing up took'),
        ),
        migrations.RunSQL(MAKE, "DROP TABLE segments_leverfinding"),
        migrations.CreateModel(
            name='LeverFinding',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'account_id', 'cause', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('cause', models.CharField(choices=[('discount', 'Discount above what is usual'), ('cost_rise', 'Unit cost rose, price did not follow'), ('returns', 'More returns than usual'), ('serve', 'Cost to serve above like customers'), ('delivery', 'Delivery dearer than for like customers'), ('unknown', 'Unit cost not known')], max_length=20)),
                ('key', models.CharField(help_text='id of the product, or the class', max_length=20)),
                ('money', models.DecimalField(decimal_places=20, max_digits=40, null=True)),
                ('usual', models.DecimalField(decimal_places=20, max_digits=40, null=True)),
                ('base', models.DecimalField(decimal_places=20, max_digits=40, null=True)),
                ('is_hit', models.BooleanField()),
            ],
            options={
                'db_table': 'segments_leverfinding',
                'managed': False,
            },
        ),
    ]
