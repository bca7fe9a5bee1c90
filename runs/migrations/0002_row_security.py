from django.db import migrations

from tenants.isolation.row_security import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial")]

    operations = [
        EnableRowSecurity("run"),
        EnableRowSecurity("runevent"),
        EnableRowSecurity("blob"),
        EnableRowSecurity("approval"),
        EnableRowSecurity("command"),
        EnableRowSecurity("modeluse"),
    ]
