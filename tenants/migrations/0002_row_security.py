from django.db import migrations

from tenants.isolation.row_security import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        EnableRowSecurity("membership"),
        EnableRowSecurity("apikey"),
        EnableRowSecurity("signinlink"),
        EnableRowSecurity("policyversion"),
        EnableRowSecurity("datakey"),
        EnableRowSecurity("providerkey"),
        EnableRowSecurity("tool"),
        EnableRowSecurity("serviceidentity"),
        EnableRowSecurity("toolgrant"),
    ]
