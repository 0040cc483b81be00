"""The groups Viewer, Operator and Admin."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from jobs.migrations._granting import create_now
from jobs.web.permissions import GROUPS


def make_groups(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    for label in ("jobs", "auth"):
        create_now(apps, label)
    group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, rights in GROUPS.items():
        group, _ = group_model.objects.get_or_create(name=name)
        codenames = [str(right).removeprefix("jobs.") for right in rights]
        group.permissions.add(*permission_model.objects.filter(content_type__app_label="jobs", codename__in=codenames))
        if name == "Admin":
            group.permissions.add(*permission_model.objects.filter(content_type__app_label="auth"))


class Migration(migrations.Migration):
    """Adds only: groups that an administrator changed stay as they are."""

    dependencies = [("jobs", "0001_permissions_and_tokens"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
