from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('segments', '0010_findings'),
    ]

    operations = [
        migrations.AlterField(
            model_name='cohortcell',
            name='margin',
            field=models.DecimalField(decimal_places=6, max_digits=24),
        ),
    ]
