from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0007_tools_wait")]

    operations = [migrations.AddField("tool", "family", models.CharField(max_length=64, blank=True, default=""), preserve_default=False)]
