"""Sessions that name their account. Those of Django's own table are copied, so that nobody has to log in again."""

from __future__ import annotations

from django.apps.registry import Apps
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone


def copy_sessions(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Copy the living sessions. Those that SECRET_KEY did not sign have no account, and are left out."""
    old, new = apps.get_model("sessions", "Session"), apps.get_model("jobs", "Session")
    for row in old.objects.filter(expire_date__gt=timezone.now()).iterator():
        if account := SessionStore().decode(row.session_data).get(SESSION_KEY):
            values = {name: getattr(row, name) for name in ("session_key", "session_data", "expire_date")}
            new.objects.create(**values, account_id=int(account))


class Migration(migrations.Migration):
    """Adds only."""

    dependencies = [("jobs", "0004_preferences"), ("sessions", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("account_id", models.IntegerField(db_index=True, null=True)),
            ],
            options={"verbose_name": "session", "verbose_name_plural": "sessions", "abstract": False},
        ),
        migrations.RunPython(copy_sessions, migrations.RunPython.noop),
    ]
