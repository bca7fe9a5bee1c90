import django.db.models.deletion
import django.utils.timezone
import runs.vector_field
from django.db import migrations, models

from runs.memory.pgvector import create_extension


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0013_workspace_security'),
        ('tenants', '0008_tool_families'),
    ]

    operations = [
        migrations.RunPython(create_extension, migrations.RunPython.noop),
        migrations.CreateModel(
            name='MemorySpace',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=63)),
                ('version', models.PositiveBigIntegerField(default=0)),
                ('erased', models.PositiveBigIntegerField(default=0)),
                ('size', models.PositiveBigIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('tenant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='Memory',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('note', 'Note'), ('episode', 'Episode')], max_length=8)),
                ('text', models.TextField()),
                ('embedding', runs.vector_field.VectorField()),
                ('model', models.CharField(max_length=200)),
                ('dimension', models.PositiveIntegerField()),
                ('once', models.CharField(max_length=64)),
                ('stamp', models.PositiveBigIntegerField()),
                ('sensitive', models.JSONField(default=list)),
                ('path', models.TextField(blank=True)),
                ('agent', models.CharField(blank=True, max_length=80)),
                ('graph', models.CharField(blank=True, max_length=80)),
                ('person', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('changed_at', models.DateTimeField(null=True)),
                ('recalled_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='runs.run')),
                ('tenant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
                ('space', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.memoryspace')),
            ],
            options={
                'ordering': ['-created_at', '-id'],
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
        ),
        migrations.AddConstraint(
            model_name='memoryspace',
            constraint=models.UniqueConstraint(fields=('tenant', 'name'), name='memory_space_once'),
        ),
        migrations.AddIndex(
            model_name='memory',
            index=models.Index(fields=['tenant', '-created_at', '-id'], name='memory_list'),
        ),
        migrations.AddIndex(
            model_name='memory',
            index=models.Index(fields=['space', 'kind', 'model', 'stamp'], name='memory_space_stamp'),
        ),
        migrations.AddIndex(
            model_name='memory',
            index=models.Index(fields=['space', 'kind', 'created_at'], name='memory_space_age'),
        ),
        migrations.AddIndex(
            model_name='memory',
            index=models.Index(condition=models.Q(('expires_at__isnull', False)), fields=['expires_at'], name='memory_expires'),
        ),
        migrations.AddConstraint(
            model_name='memory',
            constraint=models.UniqueConstraint(fields=('tenant', 'once'), name='memory_once'),
        ),
    ]
