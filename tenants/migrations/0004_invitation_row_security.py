from django.db import migrations

from tenants.isolation.row_security import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_invitations")]

    operations = [EnableRowSecurity("invitation")]
