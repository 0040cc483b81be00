"""The reading process's messages to the worker, piece by piece, so that a crash loses nothing already read.

One JSON line per piece: ``open`` (a file begins), ``content`` (bytes of a file inside another one), ``thumbnail``,
``page``, ``fields``, ``signatures``, ``close`` (the file ends, with its state), nested for files inside files; ``done``
ends the answer. ``worker.extractors.answers`` parses them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

FIELDS_PER_LINE = 100
_BYTES_PER_LINE = 3 * 256 * 1024


class Refused(Exception):
    """The file cannot be read. The message is shown to users. ``state`` may be ``unsupported``."""

    def __init__(self, reason: str, *, state: str = "unreadable", retryable: bool = False) -> None:
        super().__init__(reason)
        self.state = state
        self.retryable = retryable


class Full(Exception):
    """The text exceeds the limit."""


@dataclass(kw_only=True)
class Output:
    """Writes the pieces. ``room``: how many more characters may be written; ``reasons``: why the file is partial."""

    stream: BinaryIO
    room: int
    reasons: list[str] = field(default_factory=list)
    needs_ocr: bool = False
    #: Whether the worker wants thumbnails and the bytes of files inside the file.
    complete: bool = False

    def content(self, data: bytes) -> None:
        if self.complete:
            for at in range(0, len(data), _BYTES_PER_LINE):
                self.write("content", base64.b64encode(data[at : at + _BYTES_PER_LINE]).decode("ascii"))

    def thumbnail(self, image: bytes) -> None:
        self.write("thumbnail", base64.b64encode(image).decode("ascii"))

    def page(self, number: int, method: str, text: str, cells: Sequence[object] = ()) -> None:
        """Raises Full once the room is used up."""
        kept = text[: max(0, self.room)]
        whole = len(kept) == len(text)
        self.room -= len(text) + 1
        self.write("page", {"number": number, "method": method, "text": kept, "cells": cells if whole else ()})
        if not whole:
            self.partial("The text exceeds the reader's limit.")
            raise Full

    def fields(self, fields: Sequence[dict[str, Any]]) -> None:
        for at in range(0, len(fields), FIELDS_PER_LINE):
            self.write("fields", list(fields[at : at + FIELDS_PER_LINE]))

    def partial(self, reason: str) -> None:
        """Record that part of the file is missing. Users see the first reason."""
        if reason not in self.reasons:
            self.reasons.append(reason)

    def write(self, event: str, content: object) -> None:
        # Lone surrogates cannot be encoded: JSON escapes them, and the worker drops them.
        self.stream.write(json.dumps([event, content], separators=(",", ":")).encode("ascii") + b"\n")
        self.stream.flush()
