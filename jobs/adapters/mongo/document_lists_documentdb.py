"""The list of documents on DocumentDB, which sorts by the index of ids only, see ``id_ranges`` and ``key_ranges``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo.collection import Collection

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.document_lists import DocumentLists, Segment
from jobs.adapters.mongo.id_ranges import IdRanges
from jobs.adapters.mongo.key_ranges import ranges_of_values


class DocumentDbDocumentLists(DocumentLists):
    """Pages of the collection ``documents`` on DocumentDB."""

    def __init__(self, documents: Collection[Record]) -> None:
        super().__init__(documents)
        self._ids = IdRanges(documents)

    def _read(self, part: Segment, count: int) -> list[Record]:
        if not isinstance(part.wanted, Mapping):
            return self._with_value(part, part.wanted, count)
        rows: list[Record] = []
        for within in ranges_of_values(self._documents, part.field, part.wanted, part.towards):
            if len(rows) >= count:
                break
            if isinstance(within, Mapping):
                hint, left = f"{part.field}_id", count - len(rows)
                rows += self._documents.find({part.field: within}, sort=part.order, limit=left, hint=hint)
            else:
                rows += self._with_value(part, within, count - len(rows))
        return rows

    def _with_value(self, part: Segment, value: Any, count: int) -> list[Record]:
        """Those with one value or without any, which may be many, in ranges of ids."""
        return self._ids.nearest({part.field: value}, self._ids.ranges(part.after, part.towards), part.towards, count)

    def _newest(self, found: Record, fields: Record, count: int) -> list[Record]:
        return IdRanges(self._documents, fields=fields).newest(found, count)
