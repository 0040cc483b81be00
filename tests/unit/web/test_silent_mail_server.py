"""A mail server that hangs costs a bounded time, and the log names it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from datetime import UTC, datetime

import pytest

from jobs.adapters.webhook_post import WebhookPost
from jobs.domain.deliveries import Channel, delivery
from jobs.domain.events import new_filings_note, plain_event
from jobs.web.notices import mail_backend
from jobs.web.notices.sending import NoticeSender
from tests.making import a_cin

NOW = datetime(2025, 12, 1, tzinfo=UTC)
#: The beginning of a message of TLS, which is never completed.
TLS = b"\x16\x03\x03\x40\x00\x02"


@pytest.mark.parametrize("setting", ["EMAIL_USE_SSL", "EMAIL_USE_TLS", None])
@pytest.mark.parametrize("drips", [False, True])
def test_mail_server_that_hangs_is_named_and_tried_again(settings, monkeypatch, setting, drips):
    note = new_filings_note(cin=a_cin(), company_name="Vindhya", filings=[], owner="asha", at=NOW, since=None)
    event = plain_event("65a000000000000000000001", note)
    sender = NoticeSender(post=WebhookPost(), clock=lambda: NOW, site_url="https://f.example.com", version="1")
    settings.EMAIL_BACKEND = "jobs.web.notices.mail_backend.EmailBackend"
    settings.EMAIL_TIMEOUT = 0.2
    monkeypatch.setattr(mail_backend, "TOTAL_SECONDS", 0.5)
    settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS = setting == "EMAIL_USE_SSL", setting == "EMAIL_USE_TLS"
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.getsockname()
        if drips:
            threading.Thread(target=_drip, args=[server, setting], daemon=True).start()
        attempt = sender.mail("a@example.com", "asha", [delivery(event, Channel.MAIL, "asha", NOW)])
    assert (attempt.error, attempt.final) == ("The mail server did not answer in time.", False)
    assert attempt.seconds < 5


def _drip(server: socket.socket, setting: str | None) -> None:
    """A greeting, or TLS at once or after STARTTLS, whose end never comes."""
    with server.accept()[0] as connection, contextlib.suppress(OSError):
        if setting == "EMAIL_USE_TLS":
            for answer in (b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 x\r\n"):
                connection.sendall(answer)
                connection.recv(99)
        for byte in (b"220 " if setting is None else TLS) + b"x" * 200:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
