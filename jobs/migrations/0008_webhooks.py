"""The permission to manage webhooks."""

from __future__ import annotations

from django.db import migrations

from jobs.migrations._granting import granting


class Migration(migrations.Migration):
    """Adds only: groups that an administrator changed keep their other permissions."""

    dependencies = [("jobs", "0007_watch")]
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
                ),
            },
        ),
        granting("webhook_job", "Admin"),
    ]
