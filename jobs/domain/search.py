"""Searching the text of documents: what a query asks for, and where a page answers it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import log, log1p

from jobs.domain.document import Document
from jobs.domain.wrong_use import InvalidSearch

LONGEST = 500
MOST_TERMS = 10
_CONTEXT = 110  # characters of a snippet on each side
#: Letters and digits. The signs of Indian scripts are parts of words, although Unicode calls them marks.
_LETTER = r"\w\u0900-\u0DFF"
_TERM = re.compile(r'(-?)"([^"]*)"?|(\S+)')
_WORD = re.compile(rf"[{_LETTER}]+")


@dataclass(frozen=True, kw_only=True)
class Query:
    """All ``terms`` have to be on a page, none of ``excluded``. Each is a word, or a phrase of several."""

    terms: tuple[str, ...]
    excluded: tuple[str, ...] = ()

    def matches(self, text: str) -> bool:
        words = _apart(text)
        return all(_apart(term) in words for term in self.terms) and not any(
            _apart(term) in words for term in self.excluded
        )

    def relevance(self, text: str) -> float:
        """The more often each term is found, and the shorter the text, the higher."""
        words = _apart(text)
        return sum(log1p(words.count(_apart(term))) for term in self.terms) / log(len(text) + 10)

    def snippet(self, text: str) -> list[tuple[str, bool]]:
        """The surroundings of the first term, in pieces, each with whether it is a term."""
        found = _pattern(self.terms[0]).search(text)
        middle = found.start() if found else 0
        begin, end = max(0, middle - _CONTEXT), middle + _CONTEXT
        part = " ".join(text[begin:end].split())
        return list(self._pieces(f"{'…' if begin else ''}{part}{'…' if end < len(text) else ''}"))

    def _pieces(self, text: str) -> Iterator[tuple[str, bool]]:
        marked = re.compile("|".join(_pattern(term).pattern for term in self.terms), re.IGNORECASE)
        at = 0
        for match in marked.finditer(text):
            yield text[at : match.start()], False
            yield match.group(), True
            at = match.end()
        yield text[at:], False


@dataclass(frozen=True, kw_only=True)
class PageFilter:
    """Which pages to search; empty and None match all. ``year`` is the one in which the financial year ends."""

    cin: str = ""
    form: str = ""
    year: int | None = None


@dataclass(frozen=True, kw_only=True)
class Content:
    """The bytes of a document, which several orders of a company may have in common."""

    cin: str
    checksum: str

    @classmethod
    def of(cls, document: Document) -> Content | None:
        """None if the document is not stored."""
        return cls(cin=document.cin, checksum=document.file.checksum) if document.file else None


@dataclass(frozen=True, kw_only=True)
class PageFound:
    """A page whose text may match, with the server's score."""

    content: Content
    page: int
    text: str


@dataclass(frozen=True, kw_only=True)
class PagesFound:
    """Pages whose text may match, the best first.

    ``is_limited``: there may be more; ``is_partial``: because time was up before all were read.
    """

    pages: list[PageFound]
    is_limited: bool
    is_partial: bool = False


def parse_query(text: str) -> Query:
    """Words, "phrases", and -words or -"phrases" to exclude. Raises InvalidSearch."""
    if len(text) > LONGEST:
        raise InvalidSearch(f"The search has {len(text):,} characters; it may have {LONGEST}.")
    terms: list[str] = []
    excluded: list[str] = []
    for minus, phrase, word in _TERM.findall(text.replace("\x00", " ")):
        is_excluded = bool(minus) or word.startswith("-")
        plain = " ".join(_WORD.findall(phrase or word))
        if plain:
            (excluded if is_excluded else terms).append(plain)
    if len(terms) + len(excluded) > MOST_TERMS:
        raise InvalidSearch(f"The search has {len(terms) + len(excluded)} words and phrases; it may have {MOST_TERMS}.")
    if not terms:
        raise InvalidSearch("Type at least one word to find. Words after a minus are only excluded.")
    return Query(terms=tuple(dict.fromkeys(terms)), excluded=tuple(dict.fromkeys(excluded)))


def _apart(text: str) -> str:
    """The words in lower case, each between spaces of its own, so that terms are found without regular expressions.

    These take ten times as long for ten terms on hundreds of pages.
    """
    return f" {'  '.join(_WORD.findall(text))} ".lower()


def _pattern(term: str) -> re.Pattern[str]:
    """The words one after another, whatever separates them."""
    words = rf"[^{_LETTER}]+".join(re.escape(word) for word in term.split())
    return re.compile(rf"(?<![{_LETTER}]){words}(?![{_LETTER}])", re.IGNORECASE)
