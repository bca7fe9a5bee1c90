from django.db import migrations

from tenants.isolation.row_security import EnableRowSecurityThrough, KeepTenant


class Migration(migrations.Migration):
    dependencies = [("editor", "0004_file_row_security"), ("tenants", "0006_sealed_wall")]

    operations = [
        KeepTenant("graphversion", "graph"),
        EnableRowSecurityThrough("graphuserobjectpermission", "content_object"),
        EnableRowSecurityThrough("libraryagentuserobjectpermission", "content_object"),
    ]
