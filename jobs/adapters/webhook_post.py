"""Posts a webhook: to one checked address, without redirects, within limits of time and size."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import SplitResult, urlsplit

from jobs.adapters.public_addresses import AddressRefused, resolve
from jobs.adapters.time_limit import TimeLimit

#: The whole attempt after the name is resolved; one operation on the connection.
TOTAL_SECONDS, STEP_SECONDS = 15.0, 10.0
OK = range(200, 300)
REDIRECTS = range(300, 400)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``status`` is None without an answer; ``error`` is empty if the message was accepted."""

    status: int | None = None
    error: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class WebhookPost:
    """Sends messages. ``tls`` is for tests with their own certificate."""

    allow_http: bool = False
    allow_private: bool = False
    total_seconds: float = TOTAL_SECONDS
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Never raises; errors are sentences without the address, whose path may be a secret."""
        parts = urlsplit(url)
        if parts.scheme != "https" and not self.allow_http:
            return Answer(error="Only https addresses are allowed.")
        try:
            return self._post(parts, body, headers)
        except AddressRefused as error:
            return Answer(error=str(error))
        except ssl.SSLCertVerificationError as error:
            return Answer(error=f"The certificate is not valid: {error.verify_message}.")
        except TimeoutError:
            return Answer(error="The server did not answer in time.")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer(error=f"The connection failed: {type(error).__name__}.")

    def _post(self, parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> Answer:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        address = resolve(host, port, allow_private=self.allow_private)
        ends = time.monotonic() + self.total_seconds
        step = min(STEP_SECONDS, self.total_seconds)
        with (
            socket.create_connection((address, port), timeout=step) as raw,
            TimeLimit(raw, ends - time.monotonic()) as limit,
        ):
            # The name in the certificate and in Host is the one that was entered, not the address.
            plain = parts.scheme != "https"
            wrap = self.tls.wrap_socket
            connected = raw if plain else wrap(raw, server_hostname=host, do_handshake_on_connect=False)
            connection = http.client.HTTPConnection(host, port)
            connection.sock = connected
            path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            try:
                if isinstance(connected, ssl.SSLSocket):
                    connected.do_handshake()
                connection.request("POST", path, body, {"Host": parts.netloc, "Connection": "close", **headers})
                answer = _answer(connection.getresponse())
            except (OSError, http.client.HTTPException):
                if limit.is_over:  # the error is a consequence
                    raise TimeoutError from None
                raise
            finally:
                connection.close()
            if limit.is_over:  # the headers ended because the connection did
                raise TimeoutError
            return answer


def _answer(response: http.client.HTTPResponse) -> Answer:
    """The status decides; a body that is cut off does not matter."""
    status = response.status
    if status in OK:
        return Answer(status=status)
    if status in REDIRECTS:
        return Answer(status=status, error=f"The server redirects ({status}), which is not followed.")
    error = f"The server answered {status} {http.client.responses.get(status, '')}".rstrip() + "."
    return Answer(status=status, error=error, retry_after=_retry_after(response.getheader("Retry-After")))


def _retry_after(value: str | None) -> timedelta | None:
    """Only seconds; a date is ignored."""
    if value and value.strip().isascii() and value.strip().isdigit():
        return timedelta(seconds=int(value.strip()[:9]))
    return None
