"""The permissions to watch companies, to manage webhooks, and to pack documents and share them by links."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from jobs.migrations._granting import granting


class Migration(migrations.Migration):
    """Adds only: groups that an administrator changed keep their other permissions."""

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("jobs", "0006_external_identities")]
    operations = [
        migrations.AlterModelOptions(
            name="job",
            options={
                "default_permissions": (),
                "managed": False,
                "permissions": (
                    ("view_job", "Can see jobs and documents"),
                    ("order_job", "Can order filings"),
                    ("retry_job", "Can retry jobs"),
                    ("cancel_job", "Can cancel jobs"),
                    ("prioritise_job", "Can change a job's priority"),
                    ("watch_job", "Can watch companies"),
                    ("pause_job", "Can pause and resume the queue"),
                    ("delete_job", "Can delete jobs with their documents"),
                    ("audit_job", "Can see who did what to all jobs"),
                    ("pan_job", "Can see PANs in full"),
                    ("webhook_job", "Can manage webhooks and see all deliveries"),
                    ("export_job", "Can pack documents into ZIP files"),
                    ("share_job", "Can share ZIP files by link with people without an account"),
                ),
            },
        ),
        migrations.CreateModel(
            name="ExportLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "export_id",
                    models.CharField(db_index=True, help_text="The export's job, in MongoDB.", max_length=24),
                ),
                ("note", models.CharField(blank=True, default="", help_text="Who receives it.", max_length=80)),
                ("prefix", models.CharField(help_text="The secret's beginning, to recognise it by.", max_length=12)),
                (
                    "digest",
                    models.CharField(editable=False, help_text="SHA-256, hexadecimal.", max_length=64, unique=True),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("downloads", models.PositiveIntegerField(default=0, editable=False)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="export_links",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ("-created_at",)},
        ),
        granting("watch_job", "Operator", "Admin"),
        granting("webhook_job", "Admin"),
        granting("export_job", "Operator", "Admin"),
        granting("share_job", "Admin"),
    ]
