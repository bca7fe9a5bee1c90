from django.db import migrations

from tenants.isolation.row_security import EnableRowSecurity, KeepTenant


class Migration(migrations.Migration):
    dependencies = [("runs", "0012_workspace")]

    operations = [EnableRowSecurity("workspacefile"), KeepTenant("workspacefile", "run")]
