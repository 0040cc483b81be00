"""The permission for the audit page, for the group Admin."""

from __future__ import annotations

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def grant(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    config = apps.get_app_config("jobs")
    config.models_module = True  # type: ignore[assignment]  # a historical app has none, and would be skipped
    create_permissions(config, apps=apps, verbosity=0)
    permission = apps.get_model("auth", "Permission").objects.get(content_type__app_label="jobs", codename="audit_job")
    for group in apps.get_model("auth", "Group").objects.filter(name="Admin"):
        group.permissions.add(permission)


class Migration(migrations.Migration):
    """Adds only: groups that an administrator changed keep their other permissions."""

    dependencies = [("jobs", "0002_groups")]
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
                    ("delete_job", "Can delete jobs with their documents"),
                    ("audit_job", "Can see who did what to all jobs"),
                ),
            },
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
