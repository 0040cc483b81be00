"""A mail server that hangs costs a bounded time, and the log names it."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime

from jobs.adapters.webhook_post import WebhookPost
from jobs.domain.deliveries import Channel, delivery
from jobs.domain.events import new_filings_note, plain_event
from jobs.web.notices.sending import NoticeSender
from tests.making import a_cin

NOW = datetime(2025, 12, 1, tzinfo=UTC)


def test_silent_mail_server_is_named_and_tried_again(settings):
    note = new_filings_note(cin=a_cin(), company_name="Vindhya", filings=[], owner="asha", at=NOW, since=None)
    event = plain_event("65a000000000000000000001", note)
    sender = NoticeSender(post=WebhookPost(), clock=lambda: NOW, site_url="https://f.example.com", version="1")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        settings.EMAIL_TIMEOUT = 0.1
        began = time.monotonic()
        attempt = sender.mail("a@example.com", "asha", [delivery(event, Channel.MAIL, "asha", NOW)])
    assert (attempt.error, attempt.final) == ("The mail server did not answer in time.", False)
    assert time.monotonic() - began < 5
