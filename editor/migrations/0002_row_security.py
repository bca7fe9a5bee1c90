from django.db import migrations

from tenants.isolation.row_security import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("editor", "0001_initial")]

    operations = [
        EnableRowSecurity("graph"),
        EnableRowSecurity("graphversion"),
        EnableRowSecurity("libraryagent"),
    ]
