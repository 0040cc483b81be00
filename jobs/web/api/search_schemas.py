"""Response bodies of searches."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from jobs.web.api.base import Out, PageOut
from jobs.web.api.document_schemas import FoundDocumentOut


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


class RecordHitsOut(PageOut):
    """A page of filings: people of the latest year first, amounts the largest first.

    ``isCut``: there may be more than these. ``next`` and ``previous`` are cursors, null at the ends.
    """

    items: list[RecordHitOut]
    is_cut: bool


class PieceOut(Out):
    """A piece of a page's text, and whether it was sought."""

    text: str
    sought: bool


class HitOut(Out):
    """A page that matches, with the surroundings of what was sought."""

    document: FoundDocumentOut
    page: int
    snippet: list[Annotated[PieceOut, BeforeValidator(lambda piece: {"text": piece[0], "sought": piece[1]})]]


class HitsOut(PageOut):
    """A page of the best hits. ``next`` and ``previous`` are cursors, null at the ends.

    ``isCut``: there may be more than these. ``isPartial``: the search stopped after 3 seconds; the hits are those found
    until then.
    """

    items: list[HitOut]
    is_cut: bool
    is_partial: bool
