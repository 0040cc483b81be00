"""What SQLite holds for this app: names of permissions, and tokens. Jobs and documents live in MongoDB."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Job(models.Model):  # noqa: DJ008
    """No table: a place for the permissions to hang on."""

    class Meta:
        """Django's own four are replaced by what the site knows."""

        managed = False
        default_permissions = ()
        permissions = (
            ("view_job", "Can see jobs and documents"),
            ("order_job", "Can order filings"),
            ("retry_job", "Can retry jobs"),
            ("cancel_job", "Can cancel jobs"),
            ("prioritise_job", "Can change a job's priority"),
            ("delete_job", "Can delete jobs with their documents"),
        )


class ApiToken(models.Model):
    """A bearer token. Only its digest is kept: who reads the database finds nothing to log in with."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, help_text="The token's beginning, to recognise it by.")
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256, hexadecimal.")
    scopes = models.JSONField(default=list, help_text="The ends of permissions: view, order, …")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
