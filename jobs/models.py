"""This app's part of SQLite: permissions, tokens, links, sessions and passkeys. Jobs and documents are in MongoDB."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class Job(models.Model):  # noqa: DJ008
    """Declares the permissions; has no table."""

    class Meta:
        """Replaces Django's default permissions."""

        managed = False
        default_permissions = ()
        permissions = (
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
        )


class ApiToken(models.Model):
    """A bearer token. Only its digest is stored, so the database contains nothing to log in with."""

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


class ExportLink(models.Model):
    """A link to an export for people without an account. Only the secret's digest is stored."""

    export_id = models.CharField(max_length=24, db_index=True, help_text="The export's job, in MongoDB.")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="export_links")
    note = models.CharField(max_length=80, blank=True, default="", help_text="Who receives it.")
    prefix = models.CharField(max_length=12, help_text="The secret's beginning, to recognise it by.")
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256, hexadecimal.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    downloads = models.PositiveIntegerField(default=0, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        """Newest first."""

        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.note} ({self.prefix}…)".strip()


class Preferences(models.Model):
    """How the site looks for an account. Empty: as the system does, and the time zone TIME_ZONE_SHOWN."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="preferences"
    )
    theme = models.CharField(max_length=5, blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.theme} {self.time_zone}".strip()


class Session(AbstractBaseSession):
    """A browser's session. ``account_id`` is None before the login."""

    account_id = models.IntegerField(null=True, db_index=True)

    @classmethod
    def get_session_store_class(cls) -> type:
        from jobs.web.sessions import SessionStore  # imports this module

        return SessionStore


class ExternalIdentity(models.Model):
    """Which account a user of the OpenID Connect provider has. Nothing else leads from the provider to an account."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="identity"
    )
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    connected_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One account per identity."""

        constraints = (models.UniqueConstraint(fields=("issuer", "subject"), name="one_account_per_identity"),)

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"


class LostRight(models.Model):
    """An account that may have lost a right, from that transaction until its watches and mail have ended in MongoDB."""

    username = models.CharField(max_length=150)
    is_gone = models.BooleanField(help_text="It was deactivated, deleted or renamed.")

    def __str__(self) -> str:
        return self.username


class Passkey(models.Model):
    """A passkey: its public part, which is no secret. ``user_handle`` is the account's name towards authenticators."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=80)
    credential_id = models.CharField(max_length=1364, unique=True, editable=False, help_text="In base64url.")
    credential = models.BinaryField(help_text="WebAuthn's attested credential data, with the public key.")
    user_handle = models.CharField(max_length=86, editable=False, help_text="64 random bytes in base64url.")
    transports = models.JSONField(default=list, help_text="How browsers reach the authenticator: usb, internal, …")
    counter = models.BigIntegerField(default=0, help_text="Signatures that the authenticator counted; 0: it does not.")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        """In the order of registration; names differ within an account."""

        ordering = ("created_at", "pk")
        constraints = (models.UniqueConstraint(fields=("user", "name"), name="one_passkey_per_name"),)

    def __str__(self) -> str:
        return self.name
