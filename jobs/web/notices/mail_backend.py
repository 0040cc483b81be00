"""Django's mail over SMTP, with a time limit for each conversation with the mail server."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp

from jobs.adapters.time_limit import TimeLimit

#: The whole conversation, after the connection is made. ``EMAIL_TIMEOUT`` limits each of its operations.
TOTAL_SECONDS = 60.0


class EmailBackend(smtp.EmailBackend):
    """Raises TimeoutError if a conversation takes too long, even if each answer arrives byte by byte."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._limits: list[TimeLimit] = []

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with ExitStack() as self._limited:
            try:
                return super().send_messages(email_messages)
            except (OSError, smtplib.SMTPException):
                if any(each.is_over for each in self._limits):  # the error is a consequence
                    raise TimeoutError from None
                raise

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        limit = self._limit

        class Limited(smtplib.SMTP):
            def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
                connection: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
                limit(connection)
                return connection

        class LimitedTls(smtplib.SMTP_SSL, Limited):
            """Its connection is limited before TLS begins."""

        return LimitedTls if self.use_ssl else Limited

    def _limit(self, connection: socket.socket) -> None:
        self._limits.append(self._limited.enter_context(TimeLimit(connection, TOTAL_SECONDS)))
