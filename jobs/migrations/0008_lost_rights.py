"""Accounts that may have lost a right, until their watches and mail have ended."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds only."""

    dependencies = [("jobs", "0007_more_permissions")]
    operations = [
        migrations.CreateModel(
            name="LostRight",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("username", models.CharField(max_length=150)),
                ("is_gone", models.BooleanField(help_text="It was deactivated, deleted or renamed.")),
            ],
        ),
    ]
