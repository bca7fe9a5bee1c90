from django.db import migrations

from tenants.isolation.row_security import EnableRowSecurity, KeepTenant


class Migration(migrations.Migration):
    dependencies = [("runs", "0009_run_files")]

    operations = [EnableRowSecurity("runfile"), KeepTenant("runfile", "run")]
