"""The plan of an export as JSON, and its manifest as CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date

from jobs.domain.cells import csv_lines
from jobs.domain.document import StoredFile
from jobs.domain.export import Entry, Export, Missing
from jobs.domain.filings.masking import mask_pan

#: The columns of a manifest. ``status`` is included, damaged, missing or waiting; ``part`` is empty if it is missing.
COLUMNS = (
    *("path", "part", "status", "reason", "company", "cin", "form", "filedOn", "srn", "originalName", "size"),
    "checksum",
)

Line = Mapping[str, object]


def to_json(entries: Sequence[Entry]) -> bytes:
    """The plan."""
    return json.dumps([_values(each) for each in entries], separators=(",", ":")).encode()


def _values(entry: Entry) -> dict[str, object]:
    return {**asdict(entry), "filed_on": entry.filed_on and entry.filed_on.isoformat()}


def from_json(data: bytes) -> list[Entry]:
    """A plan that ``to_json`` wrote."""
    return [_entry(each) for each in json.loads(data)]


def _entry(values: dict[str, object]) -> Entry:
    file, filed_on = values.pop("file"), values.pop("filed_on")
    return Entry(
        **values,  # type: ignore[arg-type]  # written by to_json
        file=StoredFile(**file) if isinstance(file, dict) else None,
        filed_on=date.fromisoformat(str(filed_on)) if filed_on else None,
    )


def lines(entries: Sequence[Entry], export: Export, up_to: int | None = None) -> Iterator[Line]:
    """The manifest of the parts up to this number; None: of all parts."""
    gone = {index for part in export.parts for index in part.gone}
    damaged = {index for part in export.parts for index in part.damaged}
    finished = {part.number for part in export.parts}
    for index, entry in enumerate(entries):
        if up_to is not None and entry.part > up_to:
            continue
        if entry.problem is not None:
            yield _line(entry, "missing", entry.problem)
        elif entry.part not in finished:
            yield _line(entry, "waiting", None)
        elif index in gone:
            yield _line(entry, "missing", Missing.GONE)
        elif index in damaged:
            yield _line(entry, "damaged", Missing.DAMAGED)
        else:
            yield _line(entry, "included", None)


def _line(entry: Entry, status: str, reason: str | None) -> Line:
    is_missing, file = status == "missing", entry.file
    return {
        "path": None if is_missing else entry.path,
        "part": None if is_missing else entry.part,
        "status": status,
        "reason": str(reason) if reason else None,
        "company": entry.company_name,
        "cin": entry.cin,
        "form": entry.form,
        "filedOn": entry.filed_on.isoformat() if entry.filed_on else None,
        "srn": entry.srn,
        "originalName": mask_pan(entry.original_name),
        "size": file.size if file else None,
        "checksum": file.checksum if file else None,
    }


def as_csv(found: Iterable[Line]) -> str:
    """For spreadsheets."""
    return "".join(csv_lines(COLUMNS, found))


def as_json(found: Iterable[Line]) -> str:
    return json.dumps(list(found), indent=1, ensure_ascii=False) + "\n"
