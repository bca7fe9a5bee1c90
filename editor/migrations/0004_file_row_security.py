from django.db import migrations

from tenants.isolation.row_security import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("editor", "0003_graph_files")]

    operations = [EnableRowSecurity("filecontent")]
