from django.db import migrations

from tenants.isolation.row_security import EnableRowSecurityThrough, KeepTenant, SealScope


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_keys_end")]

    operations = [
        SealScope(),
        EnableRowSecurityThrough("tooluserobjectpermission", "content_object"),
        KeepTenant("apikey", "made_with"),
        KeepTenant("invitation", "made_with"),
        KeepTenant("toolgrant", "identity"),
        KeepTenant("toolgrant", "tool"),
    ]
