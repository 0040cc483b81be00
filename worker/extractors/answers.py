"""Turns the reading process's lines into a Reading. They are untrusted: a malicious file may control the process.

Everything received before a crash is kept: each file that was still open ends as ``partial``, or as ``unreadable``
if none of its content had arrived.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from jobs.domain.filings.reading import Cell, Field, Method, PageReading, Reading, ReadingState, Signature
from worker.scratch import write

_MOST_SPOOLED = 2 * 1024**3
_MOST_THUMBNAIL = 1024**2


class Nonsense(Exception):
    """A line that our code in the process never writes."""


@dataclass(kw_only=True)
class _Open:
    """A file whose ``close`` has not arrived yet."""

    name: str
    kind: str
    size: int
    sha256: str | None
    started: float
    pages: list[PageReading] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    attachments: list[Reading] = field(default_factory=list)
    spooled: tuple[int, int] | None = None
    thumbnail: bytes | None = None

    def closed(self, closing: Mapping[str, Any]) -> Reading:
        return Reading(
            name=self.name,
            kind=self.kind,
            size=self.size,
            sha256=self.sha256,
            state=ReadingState(closing["state"]),
            reason=closing.get("reason"),
            retryable=bool(closing.get("retryable")),
            page_count=closing.get("pages"),
            pages=tuple(self.pages),
            fields=tuple(self.fields),
            signatures=tuple(self.signatures),
            attachments=tuple(self.attachments),
            seconds=round(time.monotonic() - self.started, 3),
            spooled=self.spooled,
            thumbnail=self.thumbnail,
        )


@dataclass(kw_only=True)
class Answer:
    """The part of an answer that has arrived so far. Files inside the file are written to ``spool``, if there is one.

    Raises LocalDiskError if the spool is full.
    """

    name: str
    size: int
    spool: IO[bytes] | None = None
    done: Mapping[str, Any] | None = None
    _stack: list[_Open] = field(default_factory=list)
    _reading: Reading | None = None
    _started: float = field(default_factory=time.monotonic)

    def take(self, line: bytes) -> None:
        """Raises Nonsense."""
        try:
            event, content = json.loads(line)
            self._take(event, content)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            raise Nonsense from error

    def reading(self, reason: str | None = None) -> Reading:
        """The complete reading or, given a ``reason``, the part that arrived."""
        reason = reason or (self.done or {}).get("reason")
        while self._stack:
            file = self._stack[-1]
            some = file.pages or file.fields or file.attachments
            self._close({"state": "partial" if some else "unreadable", "reason": reason})
        if self._reading:
            return self._reading
        state = ReadingState.UNREADABLE
        return Reading(name=self.name, kind="unknown", size=self.size, state=state, reason=reason)

    def _take(self, event: str, content: Any) -> None:
        match event:
            case "open":
                named = {key: content[key] for key in ("name", "kind", "size", "sha256")}
                inside = self.spool.tell() if self.spool and self._stack else None
                spooled = None if inside is None else (inside, inside)
                self._stack.append(_Open(started=time.monotonic(), spooled=spooled, **named))
            case "content":
                self._spool(base64.b64decode(content, validate=True))
            case "thumbnail":
                self._stack[-1].thumbnail = base64.b64decode(content, validate=True)[:_MOST_THUMBNAIL]
            case "page":
                self._stack[-1].pages.append(_page(content))
            case "fields":
                self._stack[-1].fields += [_field(each) for each in content]
            case "signatures":
                self._stack[-1].signatures += [Signature(**each) for each in content]
            case "close":
                self._close(content)
            case "done":
                self.done = dict(content)
            case _:
                raise Nonsense

    def _spool(self, chunk: bytes) -> None:
        file = self._stack[-1]
        if self.spool is None or file.spooled is None or file.spooled[1] + len(chunk) > _MOST_SPOOLED:
            raise Nonsense
        write(self.spool, chunk)
        file.spooled = (file.spooled[0], file.spooled[1] + len(chunk))

    def _close(self, closing: Mapping[str, Any]) -> None:
        reading = self._stack.pop().closed(closing)
        if self._stack:
            self._stack[-1].attachments.append(reading)
        else:
            self._reading = reading


def _page(content: Mapping[str, Any]) -> PageReading:
    cells = tuple(
        Cell(text=_clean(text), box=(float(x0), float(y0), float(x1), float(y1)), confidence=float(confidence))
        for text, x0, y0, x1, y1, confidence in content["cells"]
    )
    text = _clean(content["text"])
    return PageReading(number=int(content["number"]), method=Method(content["method"]), text=text, cells=cells)


def _field(content: Mapping[str, Any]) -> Field:
    box = content.get("box")
    texts = {key: _clean(content.get(key, "")) for key in ("path", "name", "kind", "value", "shown", "caption")}
    return Field(
        **texts,
        method=Method(content["method"]),
        hidden=bool(content.get("hidden")),
        page=content.get("page"),
        box=(box[0], box[1], box[2], box[3]) if box else None,
    )


def _clean(text: str) -> str:
    """Drop lone surrogates, which UTF-8 cannot encode."""
    return text if text.isascii() else text.encode("utf-8", "ignore").decode()
