"""HTTP requests to one portal: permits, redirects, time limits, throttling and repeated attempts."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookies import SimpleCookie
from urllib.parse import urljoin, urlsplit

import httpx

from jobs.domain.errors import SourceChanged, SourceOnHold, SourceUnavailable
from jobs.telemetry.metrics import Instruments, Unmeasured
from worker.sources.portal.mapping import PortalMapping
from worker.sources.portal.permits import Permit, PermitLost, Permits

logger = logging.getLogger(__name__)

TRIES = 3
CHUNK_BYTES = 64 * 1024
_REDIRECTS = 5
_FIRST_PAUSE = 0.5  # doubles with each further try
_LONGEST_RETRY_AFTER = 900.0
_ASSUMED_RETRY_AFTER = 30.0  # if the portal does not say how long


class Broken(SourceUnavailable):
    """The connection failed, the answer was cut off, or the portal answered with a fault (5xx)."""


class TooLarge(SourceUnavailable):
    """The body is larger than the limit."""


@dataclass(kw_only=True)
class Answer:
    """A response whose body is still to be read, under its permit."""

    response: httpx.Response
    permit: Permit
    ends_at: float

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def page(self) -> str:
        """The path, after redirects, as messages name it."""
        return self.response.url.path

    def chunks(self, limit: int) -> Iterator[bytes]:
        """The body in pieces. Raises Broken, TooLarge."""
        size = 0
        with _translated(self.page):
            for chunk in self.response.iter_bytes(CHUNK_BYTES):
                self.permit.keep()
                size += len(chunk)
                if size > limit:
                    raise TooLarge(f"{self.page} is larger than {limit / 1_000_000:g} MB.")
                if time.monotonic() > self.ends_at:
                    raise Broken(f"{self.page} took longer than the time limit of a request.")
                yield chunk


@dataclass(kw_only=True)
class PortalClient:
    """Requests to the portal. Thread-safe. Its connections and cookies last as long as the object."""

    mapping: PortalMapping
    permits: Permits
    cookie: str | None = None
    instruments: Instruments = field(default_factory=Unmeasured)
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        limits = self.mapping.limits
        self._http = httpx.Client(
            # Without TLS, certificates are not needed, and loading them takes a third of a second.
            verify=self.mapping.portal.address.startswith("https:"),
            # The sizes of unpacked files could not be compared with Content-Length, nor broken downloads resumed.
            headers={"User-Agent": self.mapping.portal.user_agent, "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds),
        )
        self.forget_session()

    def forget_session(self) -> None:
        """Drop all cookies except PORTAL_COOKIE."""
        self._http.cookies.clear()
        for name, morsel in SimpleCookie(self.cookie or "").items():
            self._http.cookies.set(name, morsel.value)

    def address(self, link: str, page: str = "") -> str | None:
        """The absolute address of a link on a page; None if it leads to another host."""
        address = urljoin(urljoin(self.mapping.portal.address, page), link)
        parts, own = urlsplit(address), urlsplit(self.mapping.portal.address)
        return address if (parts.scheme, parts.netloc) == (own.scheme, own.netloc) else None

    @contextmanager
    def answer(
        self, address: str, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> Iterator[Answer]:
        """Request an address of the portal, a few times if it fails before its body; POST a form if one is given.

        Follows redirects within the portal. The permit is held until the block ends. Raises Broken, SourceOnHold,
        SourceChanged.
        """
        with ExitStack() as request:
            yield self._tried(request, address, headers or {}, form)

    def _tried(
        self, request: ExitStack, address: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        tried = 0
        while True:
            tried += 1
            try:
                return self._checked(self._redirected(request, address, headers, form))
            except (Broken, SourceOnHold) as error:
                request.close()  # gives back the permit before the pause
                if tried == TRIES:
                    raise
                if isinstance(error, Broken):
                    # Jitter needs no cryptographic randomness.
                    self.sleep(_FIRST_PAUSE * 2 ** (tried - 1) * (0.5 + random.random() / 2))  # noqa: S311
                elif error.seconds > self.mapping.limits.longest_wait_seconds:
                    raise

    def _checked(self, answer: Answer) -> Answer:
        status = answer.status
        pause = _retry_after(answer.response)
        if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and pause is not None):
            seconds = min(_ASSUMED_RETRY_AFTER if pause is None else pause, _LONGEST_RETRY_AFTER)
            self.permits.pause(seconds)
            logger.info("portal.throttled", extra={"page": answer.page, "seconds": seconds})
            raise SourceOnHold(f"The portal asks to wait for {seconds:.0f} seconds ({status}).", seconds)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Broken(f"{answer.page} answered with {_named(status)}.")
        return answer

    def _redirected(
        self, request: ExitStack, address: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        for _ in range(_REDIRECTS):
            answer = self._sent(request, address, headers, form)
            if not answer.response.has_redirect_location:
                return answer
            request.close()
            target = self.address(answer.response.headers["location"], str(answer.response.url))
            if target is None:
                raise SourceChanged(f"{answer.page} redirects to another host, which is never followed.")
            address, form = target, None
        raise SourceChanged(f"{answer.page} redirects more than {_REDIRECTS} times.")

    def _sent(
        self, request: ExitStack, address: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        permit = request.enter_context(self.permits.one())
        outcome = "error"
        try:
            with _translated(urlsplit(address).path):
                wanted = self._http.build_request("POST" if form else "GET", address, headers=headers, data=form)
                response = self._http.send(wanted, stream=True)
            outcome = f"{response.status_code // 100}xx"
        finally:
            self.instruments.count("filesure_source_requests_total", outcome=outcome)
        request.callback(response.close)
        return Answer(response=response, permit=permit, ends_at=time.monotonic() + self.mapping.limits.total_seconds)

    def close(self) -> None:
        self._http.close()


@contextmanager
def _translated(page: str) -> Iterator[None]:
    """Translate httpx's exceptions into sentences that name the page."""
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise Broken("The portal did not accept a connection in time.") from error
    except httpx.ConnectError as error:
        raise Broken(f"The portal cannot be reached: {error}.") from error
    except httpx.TimeoutException as error:
        raise Broken(f"The portal sent nothing for too long ({page}).") from error
    except httpx.InvalidURL as error:
        raise SourceChanged(f"The portal links to an invalid address ({page}): {error}.") from error
    except httpx.HTTPError as error:
        raise Broken(f"The portal broke the connection ({page}): {error}.") from error
    except PermitLost as error:
        raise Broken(f"This worker was paused while it requested {page}.") from error


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _retry_after(response: httpx.Response) -> float | None:
    """Retry-After in seconds; None if it is missing or invalid. Dates are compared with the portal's own clock."""
    given = response.headers.get("retry-after", "").strip()
    if given.isdecimal():
        return float(given)
    until = _http_date(given)
    if until is None:
        return None
    now = _http_date(response.headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
