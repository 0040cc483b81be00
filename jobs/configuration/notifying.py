"""The settings of notifications; a part of ``table``."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.configuration import readers as env
from jobs.configuration.setting import setting


@dataclass(frozen=True, kw_only=True)
class NotificationSettings:
    """Mail and webhooks."""

    smtp_host: str | None = setting(
        env.text, None, "The mail server. Unset: no mail is sent.", example="smtp.example.com"
    )
    smtp_port: int = setting(env.integer(1, 65535), 587, "The mail server's port.")
    smtp_security: str = setting(
        env.one_of("starttls", "tls", "none"),
        "starttls",
        "Encryption of mail: starttls, tls (usually port 465) or none.",
    )
    smtp_user: str | None = setting(env.text, None, "The user at the mail server, if it needs one.", example="filesure")
    smtp_password: str | None = setting(env.text, None, "The password at the mail server.", example="…", secret=True)
    mail_from: str = setting(
        env.text, "Filesure <filesure@localhost>", "The sender of mail.", example="Filesure <filesure@example.com>"
    )
    delivery_attempts: int = setting(
        env.integer(1, 30), 12, "Attempts to deliver an event; 12 take 10 to 20 hours, with growing pauses."
    )
    webhooks_allow_http: bool = setting(
        env.boolean, False, "Let webhooks go to http addresses, without encryption.", example="1"
    )
    webhooks_allow_private: bool = setting(
        env.boolean,
        False,
        "Let webhooks go to private and loopback addresses: users who may add webhooks can then reach this network.",
        example="1",
    )
