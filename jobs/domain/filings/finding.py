"""Finds a record's values in a reading, preferring the most trustworthy method."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from jobs.domain.filings.captions import Candidate, Captions
from jobs.domain.filings.identifiers import Identifier, find
from jobs.domain.filings.printed_tables import printed_rows
from jobs.domain.filings.reading import Field, Method, PageReading, Reading
from jobs.domain.filings.values import Found, Kind, Spec, Value, as_value, fits

_ROW = re.compile(r"\[(\d+)\]")
_FACT = re.compile(r"(?P<name>[^\[]+)\[(?P<start>[\d-]*)/?(?P<end>[\d-]*)\](?:\[[^\]]*\])?")
_IDENTIFYING_PAGES = 3


def fill(record: type[Any], reading: Reading) -> dict[str, Any]:
    """The constructor arguments for a record: the values and rows that were found."""
    sought = _Sought(reading)
    filled: dict[str, Any] = {}
    for each in dataclasses.fields(record):
        if "spec" in each.metadata:
            filled[each.name] = sought.best(each.metadata["spec"])
        elif "row" in each.metadata:
            filled[each.name] = tuple(sought.rows(each.metadata["row"], each.metadata["tables"]))
    return filled


@dataclass
class _Sought:
    """A reading, indexed for looking up the values of a record."""

    reading: Reading
    by_key: dict[str, list[Field]] = field(default_factory=lambda: defaultdict(list))
    by_name: dict[str, list[Field]] = field(default_factory=lambda: defaultdict(list))
    facts: dict[str, list[Field]] = field(default_factory=lambda: defaultdict(list))
    pages: list[tuple[PageReading, Captions]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for each in self.reading.fields:
            if not each.value:
                continue
            if each.method is Method.XBRL:
                self.facts[each.name].append(each)
                continue
            key = _ROW.sub("", each.path)
            self.by_key[key].append(each)
            element = key.rpartition("/")[2]
            if "[" not in each.path and element != key:
                self.by_key[element].append(each)
            self.by_name[_ROW.sub("", each.name)].append(each)
        read = [page for page in self.reading.pages if page.method in (Method.TEXT, Method.OCR) and page.cells]
        self.pages = [(page, Captions(page)) for page in read]

    def best(self, spec: Spec) -> Value | None:
        """The most trusted candidate; any valid candidate is preferred to an invalid one."""
        values = [as_value(spec.kind, found) for found in self._candidates(spec)]
        if spec.anywhere and not any(each.valid for each in values):
            values += [as_value(spec.kind, found) for found in self._anywhere(spec)]
        return min(values, key=lambda each: (not each.valid, each.method.trust), default=None)

    def rows(self, row: type[Any], tables: tuple[str, ...]) -> Iterator[Any]:
        for table in tables:
            numbers = sorted({int(found.group(1)) for each in self.reading.fields if (found := _row_of(each, table))})
            for number in numbers:
                start = f"{table}/DATA[{number}]/"
                inner = [
                    dataclasses.replace(each, path=each.path.removeprefix(start))
                    for each in self.reading.fields
                    if each.path.startswith(start)
                ]
                yield row(**fill(row, dataclasses.replace(self.reading, fields=tuple(inner), pages=())))
            if numbers:
                return
        for page, _ in self.pages:
            yield from printed_rows(page, row)

    def _candidates(self, spec: Spec) -> Iterator[Found]:
        for name in spec.facts:
            yield from _current(self.facts.get(name, []))
        for key in spec.keys:
            yield from (_from_field(each, f"data {key}") for each in self.by_key.get(key, ()))
        for name in spec.names:
            yield from (
                _from_field(each, f"field {name}")
                for each in self.by_name.get(name, ())
                if each.method is Method.ACROFORM
            )
        for label in spec.labels:
            for page, captions in self.pages:
                for each in captions.beside(label, partial(fits, spec.kind), typed=spec.kind is not Kind.TEXT):
                    yield _on_page(page, each, label)

    def _anywhere(self, spec: Spec) -> Iterator[Found]:
        assert isinstance(spec.kind, Identifier)  # noqa: S101  other kinds have no grammar
        for page, _ in self.pages[:_IDENTIFYING_PAGES]:
            for cell in page.cells:
                if find(spec.kind, cell.text):
                    place = Candidate(raw=cell.text, box=cell.box, certainty=0.8 * cell.confidence, where="anywhere")
                    yield _on_page(page, place, spec.kind.value)


def _row_of(each: Field, table: str) -> re.Match[str] | None:
    return _ROW.search(each.path) if each.path.startswith(f"{table}/DATA[") else None


def _from_field(each: Field, rule: str) -> Found:
    return Found(raw=each.shown, method=each.method, rule=rule, page=each.page, box=each.box, path=each.path)


def _current(facts: list[Field]) -> Iterator[Found]:
    """The fact of the latest and longest period; facts with dimensions are parts of it."""
    matches = [(match, each) for each in facts if (match := _FACT.fullmatch(each.path))]
    latest = max(matches, key=lambda pair: _period(pair[0]), default=None)
    if latest:
        yield _from_field(latest[1], f"fact {latest[1].name}")


def _period(match: re.Match[str]) -> tuple[str, str]:
    """ISO dates: the end, then the start complemented, so that an earlier start is greater."""
    start, end = match.group("start"), match.group("end")
    return end or start, "".join(chr(ord("9") - int(digit)) if digit.isdigit() else digit for digit in start)


def _on_page(page: PageReading, place: Candidate, label: str) -> Found:
    rule = f"label {label}, {place.where}"
    return Found(
        raw=place.raw, method=page.method, rule=rule, certainty=place.certainty, page=page.number, box=place.box
    )
