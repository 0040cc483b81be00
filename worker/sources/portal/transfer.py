"""The download of one file: a broken transfer continues where it stopped, if the file is still the same.

Bytes that were passed on cannot be taken back, so an answer that begins anew is compared with them first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from jobs.domain.errors import DocumentUnavailable, DocumentUnreadable
from worker.extractors.sniffing import HTML, UNKNOWN, sniff
from worker.sources.portal.client import Answer, Broken, TooLarge
from worker.sources.portal.pages import LoggedOut, Pages

if TYPE_CHECKING:
    from hashlib import _Hash

_RESUMES = 4
_SNIFFED_BYTES = 2048
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)", re.ASCII)
_TEXTS = frozenset({"text/html", "application/xhtml+xml", "text/plain", "application/json", "application/problem+json"})


class Gone(Exception):
    """The portal does not have the file at this address any more."""


@dataclass(kw_only=True)
class Transfer:
    """One attempt to download a file. Used once."""

    pages: Pages
    address: str
    file_name: str
    limit: int
    received: int = 0
    _validator: str | None = None
    _hash: _Hash = field(default_factory=hashlib.sha256)

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes. Raises Gone, LoggedOut, Broken, DocumentUnavailable, DocumentUnreadable."""
        for left in reversed(range(_RESUMES + 1)):
            before = self.received
            try:
                for chunk in self._rest():
                    self._hash.update(chunk)
                    self.received += len(chunk)
                    yield chunk
            except Broken:
                if not left or self.received == before:
                    raise
            except TooLarge as error:
                raise DocumentUnreadable(f"{self.file_name}: {error}") from error
            else:
                return

    def _rest(self) -> Iterator[bytes]:
        """The missing part, in one request."""
        headers = {}
        if self.received and self._validator:
            headers = {"Range": f"bytes={self.received}-", "If-Range": self._validator}
        with self.pages.client.answer(self.address, headers=headers) as answer:
            self._check(answer)
            if answer.status == HTTPStatus.PARTIAL_CONTENT:
                self._check_range(answer)
                yield from answer.chunks(self.limit - self.received)
                return
            self._validator = _validator(answer)
            chunks = answer.chunks(self.limit)
            yield from self._after_received(chunks) if self.received else self._sniffed(answer, chunks)

    def _check(self, answer: Answer) -> None:
        self.pages.check(answer)
        if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise Gone
        if answer.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            raise DocumentUnavailable(f"The portal answered with {answer.status} instead of {self.file_name}.")
        length = answer.response.headers.get("content-length", "")
        known = self.received if answer.status == HTTPStatus.PARTIAL_CONTENT else 0
        if length.isdecimal() and known + int(length) > self.limit:
            raise DocumentUnreadable(f"{self.file_name} is larger than {self.limit / 1_000_000:g} MB.")

    def _check_range(self, answer: Answer) -> None:
        match = _CONTENT_RANGE.fullmatch(answer.response.headers.get("content-range", ""))
        if not match or int(match[1]) != self.received:
            raise DocumentUnavailable(f"The portal sent another part of {self.file_name} than it was asked for.")

    def _after_received(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Skip the bytes that were received before. Raises DocumentUnavailable if they differ now."""
        before, again, left = self._hash.hexdigest(), hashlib.sha256(), self.received
        for chunk in chunks:
            again.update(chunk[:left])
            rest, left = chunk[left:], max(0, left - len(chunk))
            if not left and again.hexdigest() != before:
                raise DocumentUnavailable(f"{self.file_name} changed while it was downloaded.")
            if rest:
                yield rest
        if left:
            raise DocumentUnavailable(f"{self.file_name} became shorter while it was downloaded.")

    def _sniffed(self, answer: Answer, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Pass the file on once its beginning is not a web page."""
        start = b""
        for chunk in chunks:
            start += chunk
            if len(start) >= _SNIFFED_BYTES:
                break
        self._check_kind(answer, start)
        yield start
        yield from chunks

    def _check_kind(self, answer: Answer, start: bytes) -> None:
        if not start:
            raise DocumentUnavailable(f"The portal sent an empty file for {self.file_name}.")
        declared = answer.response.headers.get("content-type", "").partition(";")[0].strip().lower()
        kind = sniff(start)
        if kind == HTML and not PurePosixPath(self.file_name).suffix.lower().startswith(".htm"):
            if self.pages.is_login_page(start):
                raise LoggedOut
            raise DocumentUnavailable(f"The portal sent a web page instead of {self.file_name}{_titled(start)}.")
        if kind == UNKNOWN and declared in _TEXTS and PurePosixPath(self.file_name).suffix.lower() != ".txt":
            raise DocumentUnavailable(f"The portal sent {declared} instead of {self.file_name}.")


def _validator(answer: Answer) -> str | None:
    """A value for If-Range (RFC 9110, 13.1.5): a strong ETag, else the time of the last change."""
    headers: Mapping[str, str] = answer.response.headers
    etag = headers.get("etag", "")
    return etag if etag.startswith('"') else headers.get("last-modified")


def _titled(start: bytes) -> str:
    title = LexborHTMLParser(start).css_first("title")
    text = " ".join(title.text().split())[:80] if title else ""
    return f', titled "{text}"' if text else ""
