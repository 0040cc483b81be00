"""Response bodies of searches in records."""

from __future__ import annotations

from typing import Self

from jobs.web.api.base import Out
from jobs.web.api.document_schemas import FoundDocumentOut
from jobs.web.text_search import RecordHits


class FactOut(Out):
    """A person with ``name`` or ``din``, or an ``amount`` in paise. ``what`` is the value's name in the record."""

    what: str
    page: int | None
    name: str | None
    din: str | None
    amount: int | None


class RecordHitOut(Out):
    """A filing with up to five of the matching values that it states."""

    document: FoundDocumentOut
    facts: list[FactOut]


class RecordHitsOut(Out):
    """People of the latest year first, amounts the largest first. ``isCut``: there may be more."""

    items: list[RecordHitOut]
    is_cut: bool

    @classmethod
    def of(cls, found: RecordHits) -> Self:
        items = [
            RecordHitOut(
                document=FoundDocumentOut.model_validate(hit.document),
                facts=[FactOut.model_validate(fact) for fact in hit.facts],
            )
            for hit in found.hits
        ]
        return cls(items=items, is_cut=found.is_cut)
