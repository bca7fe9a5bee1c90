from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_tool_families")]

    operations = [
        migrations.AddField("tool", "price_nano_usd", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("tool", "own_timeout_s", models.FloatField(null=True)),
        migrations.AddField("tool", "own_retries", models.PositiveSmallIntegerField(null=True)),
        migrations.AddField("tool", "own_per_minute", models.PositiveIntegerField(null=True)),
    ]
