"""Each account's theme and time zone."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds only."""

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("jobs", "0003_permissions")]
    operations = [
        migrations.CreateModel(
            name="Preferences",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="preferences",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("theme", models.CharField(blank=True, default="", max_length=5)),
                ("time_zone", models.CharField(blank=True, default="", max_length=64)),
            ],
        ),
    ]
