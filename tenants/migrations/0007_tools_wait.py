from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0006_sealed_wall")]

    operations = [
        migrations.AddField("tool", "withheld", models.BooleanField(default=False, editable=False)),
        migrations.AddField("toolgrant", "waits", models.BooleanField(default=False)),
    ]
