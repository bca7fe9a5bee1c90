from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0002_row_security'),
    ]

    operations = [
        migrations.RenameModel(old_name='Canary', new_name='Probe'),
    ]
