"""Sends mail by Django's mail, and webhooks."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from jobs.adapters.webhook_post import WebhookPost
from jobs.domain.channels import Channel
from jobs.domain.deliveries import Attempt, Delivery
from jobs.domain.endpoints import Endpoint
from jobs.domain.events import Event
from jobs.domain.filings.masking import mask_pan
from jobs.domain.signing import signed_headers
from jobs.ports import Clock
from jobs.web.notices.formats import body
from jobs.web.notices.message import message


@dataclass(frozen=True, kw_only=True)
class NoticeSender:
    """``jobs.ports.Sender``."""

    post: WebhookPost
    clock: Clock
    site_url: str
    version: str

    def mail(self, address: str, name: str, deliveries: Sequence[Delivery]) -> Attempt:
        """A digest, or one event. Repeated attempts have the same Message-ID, so that receivers can recognise them."""
        if not settings.EMAIL_HOST:
            return self._attempt(self.clock(), 0.0, "No mail server is configured (SMTP_HOST).", final=True)
        messages = [message(each.event, self.site_url) for each in deliveries]
        digest = deliveries[0].channel is Channel.DIGEST
        subject = _subject_of_digest(deliveries) if digest and len(messages) > 1 else messages[0].title
        context = {
            "subject": subject,
            "messages": messages,
            "name": name,
            "digest": digest,
            "account": self.site_url + reverse("account"),
        }
        mail = EmailMultiAlternatives(
            subject=subject[:200],
            body=render_to_string("mail/notice.txt", context),
            to=[address],
            headers={"Message-ID": f"<{deliveries[0].id}@{_domain()}>", "Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(render_to_string("mail/notice.html", context), "text/html")
        return self._timed(lambda: _sent(mail))

    def webhook(self, endpoint: Endpoint, event: Event) -> Attempt:
        """Signed anew at each attempt, since receivers refuse old timestamps; the id stays the same."""
        now = self.clock()
        content = body(event, endpoint.format, self.site_url)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Filesure/{self.version}",
            **signed_headers(event.id, now, content, endpoint.secrets(now)),
        }
        began = time.monotonic()
        answer = self.post(endpoint.url, content, headers)
        return Attempt(
            at=now,
            seconds=round(time.monotonic() - began, 3),
            status=answer.status,
            error=answer.error,
            final=answer.status == HTTPStatus.GONE,
            retry_after=answer.retry_after,
        )

    def _timed(self, send: Callable[[], Mapping[str, Any]]) -> Attempt:
        at, began = self.clock(), time.monotonic()
        failure = send()
        return self._attempt(at, time.monotonic() - began, **failure)

    def _attempt(self, at: datetime, seconds: float, error: str = "", *, final: bool = False) -> Attempt:
        return Attempt(at=at, seconds=round(seconds, 3), error=error, final=final)


def _subject_of_digest(deliveries: Sequence[Delivery]) -> str:
    """Several checks may have found filings of one company, for example while the mail server did not answer."""
    names = {each.event.data["cin"]: mask_pan(each.event.data["companyName"]) for each in deliveries}
    return f"New filings of {len(names)} companies" if len(names) > 1 else f"New filings: {next(iter(names.values()))}"


def _sent(mail: EmailMultiAlternatives) -> Mapping[str, Any]:
    """The fault; empty if the mail server accepted the mail."""
    try:
        mail.send()
    except (OSError, smtplib.SMTPException) as error:
        return {"error": _sentence(error), "final": _code(error) >= 550}
    except ValueError:  # a header that Django refuses, such as an address with a line break
        return {"error": "The mail has an invalid header.", "final": True}
    return {}


def _code(error: Exception) -> int:
    """The server's code; 0 without one. Codes from 550 on are about this mail or address, and permanent."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max(code for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException) and not isinstance(error, smtplib.SMTPAuthenticationError):
        return error.smtp_code
    return 0


def _sentence(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"The mail server refused SMTP_USER or SMTP_PASSWORD ({error.smtp_code})."
    if code := _code(error):
        return f"The mail server refused the mail or its address ({code})."
    if isinstance(error, TimeoutError) or isinstance(
        error.__context__, TimeoutError
    ):  # smtplib reports a lost connection
        return "The mail server did not answer in time."
    return f"The connection to the mail server failed: {type(error).__name__}."


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
