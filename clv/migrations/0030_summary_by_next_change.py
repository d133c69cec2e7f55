"""Whose sums change by a day that passes, found without a look at every account."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clv', '0029_indexes_of_lists'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='accountsummary',
            index=models.Index(fields=['next_change_on'], name='summary_by_next_change'),
        ),
    ]
