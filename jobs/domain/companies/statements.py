"""Statements of filings: each value with the filings that state it."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Generic, NamedTuple, TypeVar, cast

from jobs.domain.company_names import words_of
from jobs.domain.document import Document
from jobs.domain.filings.stated import StatedFields

T = TypeVar("T")

_ROW = re.compile(r"(?P<table>\w+)\[(?P<row>\d+)\]\.(?P<name>\w+)")
_SHORT_WORDS = {"ltd": "limited", "pvt": "private", "co": "company", "corpn": "corporation", "and": ""}


class Source(NamedTuple):
    """A filing that states a value, and the page on which it does, if that is known.

    A tuple, since every value has one and a dataclass takes three times as long.
    """

    job_id: str
    number: int
    form: str
    srn: str | None
    filed_on: date | None
    page: int | None = None
    confidence: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Said(Generic[T]):
    """One value, and the filings that state it, the newest first."""

    value: T
    sources: tuple[Source, ...]

    @property
    def source(self) -> Source:
        """The newest of them."""
        return self.sources[0]


#: Everything that filings say about one matter. Filings that disagree make several; the newest comes first.
Fact = tuple[Said[T], ...]


@dataclass(frozen=True, kw_only=True)
class CompanyDocuments:
    """A company's documents without what they state; ``stated`` has it by the document's id.

    Apart, since a profile that is kept has the documents.
    """

    documents: Sequence[Document]
    stated: Mapping[str, Sequence[StatedFields]]

    @classmethod
    def of(cls, documents: Sequence[Document]) -> CompanyDocuments:
        return cls(
            documents=[
                replace(each, reading=replace(each.reading, stated=())) if each.reading else each for each in documents
            ],
            stated={
                each.id: [cast("StatedFields", stated._asdict()) for stated in each.reading.stated]
                for each in documents
                if each.reading
            },
        )


@lru_cache(maxsize=5_000)
def _cell(name: str) -> tuple[tuple[str, int], str] | None:
    """Table and row, and column of a value in a table."""
    match = _ROW.fullmatch(name)
    return ((match["table"], int(match["row"])), match["name"]) if match else None


@dataclass(eq=False)
class StatedFiling:
    """The values that one filing states; ``form`` and the days are the document's."""

    document: Document
    values: Mapping[str, StatedFields]
    form: str
    filed_on: date | None
    year_end: date | None
    #: By page and confidence, since values have these in common. The rows of a filing share them.
    _sources: dict[tuple[int | None, float], Source] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, document: Document, stated: Iterable[StatedFields] = ()) -> StatedFiling:
        values = {each["name"]: each for each in stated}
        return cls(document, values, document.form, document.filed_on, document.year_end)

    @property
    def age(self) -> tuple[date, str, int]:
        """Sorts filings, the oldest first; filings without any date come first."""
        return (self.filed_on or self.year_end or date.min, self.document.job_id, self.document.filing.number)

    def rows(self, table: str) -> Sequence[StatedFiling]:
        """Each row of a table, as if it were a filing of its own."""
        return self._tables.get(table, ())

    @cached_property
    def _tables(self) -> dict[str, list[StatedFiling]]:
        found: dict[tuple[str, int], dict[str, StatedFields]] = {}
        for name, each in self.values.items():
            if cell := _cell(name):
                place, column = cell
                if place in found:
                    found[place][column] = each
                else:
                    found[place] = {column: each}
        document, about = self.document, (self.form, self.filed_on, self.year_end, self._sources)
        tables: dict[str, list[StatedFiling]] = {}
        for table, row in sorted(found):
            tables.setdefault(table, []).append(StatedFiling(document, found[table, row], *about))
        return tables

    def source(self, *names: str) -> Source:
        """This filing, at the page of the first of these values that it states."""
        place: tuple[int | None, float] = (None, 1.0)
        values = self.values
        for name in names:
            if name in values:
                place = (values[name].get("page"), values[name]["confidence"])
                break
        found = self._sources.get(place)
        if found is None:
            document = self.document
            filing = document.filing
            found = Source(document.job_id, filing.number, self.form, filing.srn, self.filed_on, *place)
            self._sources[place] = found
        return found

    def text(self, name: str) -> str | None:
        stated = self.values.get(name)
        return value if stated and isinstance(value := stated["value"], str) else None

    def day(self, name: str) -> date | None:
        stated = self.values.get(name)
        return value if stated and isinstance(value := stated["value"], date) else None

    def number(self, name: str) -> int | None:
        stated = self.values.get(name)
        return value if stated and isinstance(value := stated["value"], int) else None

    def paise(self, name: str) -> int | None:
        """An amount in paise."""
        stated = self.values.get(name)
        if stated is None or not isinstance(value := stated["value"], int):
            return None
        return value if stated.get("unit") == "paise" else 100 * value


def fact(said: Iterable[tuple[T | None, Source]], same: Callable[[T], Hashable] | None = None) -> Fact[T]:
    """Group equal values; None is left out. ``same`` maps values that mean the same to the same key."""
    groups: dict[Hashable, tuple[T, list[Source]]] = {}
    for value, source in sorted(said, key=_filed_on, reverse=True):
        if value is not None:
            key = same(value) if same else value
            if key in groups:
                groups[key][1].append(source)
            else:
                groups[key] = (value, [source])
    return tuple([Said(value=value, sources=tuple(sources)) for value, sources in groups.values()])


def _filed_on(said: tuple[object, Source]) -> date:
    return said[1].filed_on or date.min


def days(filings: Iterable[StatedFiling], name: str) -> Fact[date]:
    """Every day that the filings state under this name."""
    return fact((each.day(name), each.source(name)) for each in filings)


def connected(things: Iterable[T], keys_of: Callable[[T], Sequence[Hashable]]) -> list[list[T]]:
    """Group things that have a key in common with one before them, in their order."""
    groups: list[list[T]] = []
    known: dict[Hashable, list[T]] = {}
    for thing in things:
        keys = keys_of(thing)
        group = next((known[key] for key in keys if key in known), None)
        if group is None:
            group = []
            groups.append(group)
        group.append(thing)
        known.update(dict.fromkeys(keys, group))
    return groups


def newest(facts: Fact[T]) -> T | None:
    """The value of the newest filing."""
    return facts[0].value if facts else None


@lru_cache(maxsize=10_000)  # the same few names are in thousands of filings
def plain(name: str) -> str:
    """A name without case, punctuation and abbreviations, to compare it by."""
    return " ".join(word for word in (_SHORT_WORDS.get(word, word) for word in words_of(name)) if word)


def in_order(filings: Iterable[StatedFiling]) -> list[StatedFiling]:
    return sorted(filings, key=attrgetter("age"))


def of_forms(filings: Sequence[StatedFiling], forms: Iterable[str]) -> list[StatedFiling]:
    wanted = frozenset(forms)
    return [each for each in filings if each.form in wanted]
