"""The result of reading one file: its state, the method used for each page, and the content found.

The original is stored before it is read, whatever the result of reading it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

#: Increase it whenever the same bytes may give a different result; readings by a lower version can be redone.
READER_VERSION = 4

Box = tuple[float, float, float, float]  # left, top, right, bottom, in points from the page's upper left corner


class ReadingState(StrEnum):
    """``partial``: something is missing, see the reason. ``needs_ocr``: pages are images, and OCR is not installed.

    ``unreadable``: nothing could be read. ``unsupported``: the reader does not support this file type.
    """

    READ = "read"
    PARTIAL = "partial"
    NEEDS_OCR = "needs_ocr"
    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"


class Method(StrEnum):
    """How a text or value was obtained, the most trustworthy method first."""

    XBRL = "xbrl"
    XFA = "xfa"
    ACROFORM = "acroform"
    SHEET = "sheet"
    TEXT = "text"
    OCR = "ocr"
    NONE = "none"

    @property
    def trust(self) -> int:
        """The rank of this method; 0 is the most trustworthy."""
        return list(Method).index(self)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A piece of a line, separated from its neighbours by wide gaps. ``confidence`` is 0 to 1."""

    text: str
    box: Box
    confidence: float = 1.0


@dataclass(frozen=True, kw_only=True)
class PageReading:
    """One page. ``number`` counts from 1; ``method`` is ``none`` if the page is missing or blank."""

    number: int
    method: Method
    text: str
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a form. ``shown`` is the displayed value, for example a choice's text instead of its code.

    ``path`` includes table rows, as in ``T_AUDITORS/DATA[2]/PAN``. ``page`` and ``box`` are None if unknown.
    """

    path: str
    name: str
    kind: str
    method: Method
    value: str
    shown: str
    caption: str = ""
    hidden: bool = False
    page: int | None = None
    box: Box | None = None


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A signature as stated in the file, not verified. ``at`` is the file's own text or an ISO time, None if absent."""

    signer: str | None
    at: str | None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Everything read from one file and the files inside it.

    ``reason`` is a sentence for people, None in the state ``read``. ``retryable``: the source sent something
    other than the file, and another download may succeed. ``sha256`` is None for a file that was not opened.
    ``spooled``: where a file inside another one was written to the reader's spool, as (start, end), None without one.
    ``thumbnail``: the first page as a PNG image.
    """

    name: str
    kind: str
    size: int
    state: ReadingState
    sha256: str | None = None
    reason: str | None = None
    retryable: bool = False
    page_count: int | None = None
    pages: tuple[PageReading, ...] = ()
    fields: tuple[Field, ...] = ()
    signatures: tuple[Signature, ...] = ()
    attachments: tuple[Reading, ...] = ()
    seconds: float = 0.0
    spooled: tuple[int, int] | None = None
    thumbnail: bytes | None = None

    @property
    def text(self) -> str:
        """The text of all pages, separated by form feeds; empty if no page has text."""
        texts = [page.text for page in self.pages]
        return "\f".join(texts) if any(text.strip() for text in texts) else ""

    @property
    def method(self) -> Method:
        """The most trustworthy method that found anything."""
        used = [page.method for page in self.pages if page.text] + [field.method for field in self.fields]
        return min(used, key=lambda method: method.trust, default=Method.NONE)

    def all(self) -> Iterator[Reading]:
        """This file, and every file inside it."""
        yield self
        for attachment in self.attachments:
            yield from attachment.all()
