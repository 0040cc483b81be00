"""New permissions for groups, for several migrations."""

from __future__ import annotations

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def create_now(apps: Apps, label: str) -> None:
    """Create an app's permissions, which Django would only do after all migrations."""
    config = apps.get_app_config(label)
    config.models_module = True  # type: ignore[assignment]  # a historical app has none, and would be skipped
    create_permissions(config, apps=apps, verbosity=0)


def granting(codename: str, *groups: str) -> migrations.RunPython:
    """Grant a permission of ``jobs`` to these groups, if they exist."""

    def grant(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
        create_now(apps, "jobs")
        permission = apps.get_model("auth", "Permission").objects.get(content_type__app_label="jobs", codename=codename)
        for group in apps.get_model("auth", "Group").objects.filter(name__in=groups):
            group.permissions.add(permission)

    return migrations.RunPython(grant, migrations.RunPython.noop)
