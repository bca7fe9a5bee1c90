from django.db import migrations

from tenants.isolation.row_security import KeepTenant


class Migration(migrations.Migration):
    dependencies = [("runs", "0007_people_may_go"), ("editor", "0005_same_tenant"), ("tenants", "0006_sealed_wall")]

    operations = [
        KeepTenant("run", "graph"),
        KeepTenant("run", "graph_version"),
        KeepTenant("run", "api_key"),
        KeepTenant("run", "parent"),
        KeepTenant("runevent", "run"),
        KeepTenant("approval", "run"),
        KeepTenant("command", "run"),
        KeepTenant("modeluse", "run"),
        KeepTenant("modeluse", "graph"),
    ]
