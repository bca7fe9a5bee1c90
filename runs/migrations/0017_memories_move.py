from django.db import migrations, models

from runs.memory.pgvector import leave_no_room, leave_room


class Migration(migrations.Migration):
    dependencies = [("runs", "0016_child_runs")]

    operations = [
        migrations.AddField(model_name="memoryspace", name="asked", field=models.JSONField(default=dict)),
        migrations.RunPython(leave_room, leave_no_room),
    ]
