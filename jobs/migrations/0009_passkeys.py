"""Accounts' passkeys."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds only."""

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("jobs", "0008_lost_rights")]
    operations = [
        migrations.CreateModel(
            name="Passkey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                (
                    "credential_id",
                    models.CharField(editable=False, help_text="In base64url.", max_length=1364, unique=True),
                ),
                (
                    "credential",
                    models.BinaryField(help_text="WebAuthn's attested credential data, with the public key."),
                ),
                (
                    "user_handle",
                    models.CharField(editable=False, help_text="64 random bytes in base64url.", max_length=86),
                ),
                (
                    "transports",
                    models.JSONField(default=list, help_text="How browsers reach the authenticator: usb, internal, …"),
                ),
                (
                    "counter",
                    models.BigIntegerField(
                        default=0, help_text="Signatures that the authenticator counted; 0: it does not."
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="passkeys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("created_at", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("user", "name"), name="one_passkey_per_name"),
                ],
            },
        ),
    ]
