from django.db import migrations

from runs.memory.pgvector import create_indexes, drop_indexes
from tenants.isolation.row_security import EnableRowSecurity, KeepTenant


class Migration(migrations.Migration):
    dependencies = [("runs", "0014_memories")]

    operations = [
        EnableRowSecurity("memoryspace"),
        EnableRowSecurity("memory"),
        KeepTenant("memory", "space"),
        KeepTenant("memory", "run"),
        migrations.RunPython(create_indexes, drop_indexes),
    ]
