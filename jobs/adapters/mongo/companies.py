"""Companies in MongoDB, from the collections ``jobs`` and ``documents``."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import ClassVar

from bson.codec_options import CodecOptions
from pymongo import DESCENDING
from pymongo.database import Database

from jobs.adapters.mongo.company_lists import CompanyLists, is_shown
from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.adapters.mongo.document_records import to_document
from jobs.adapters.mongo.filters import text_filter, word
from jobs.adapters.mongo.paging import in_time
from jobs.adapters.mongo.queue_filters import NO_EXPORT, NOT_DELETING
from jobs.adapters.mongo.readings import to_stated_fields
from jobs.adapters.mongo.records import to_job
from jobs.domain.companies.statements import CompanyDocuments
from jobs.domain.job import Job
from jobs.domain.listing import CompanyOrder, Cursor, Page

AMONG = 1_000
#: For up to 10,000 documents with what they state, some 20 MB.
DOCUMENTS_SECONDS = 15.0


class MongoCompanies:
    """``jobs.ports.Companies``."""

    _company_lists: ClassVar[type[CompanyLists]] = CompanyLists

    def __init__(self, database: Database[Record]) -> None:
        self._jobs = database["jobs"]
        self._documents = database["documents"]
        # The driver's own UTC: to convert each time to Python's is a twentieth of the time of a large company.
        self._by_driver = self._documents.with_options(CodecOptions[Record](tz_aware=True))
        self._lists = self._company_lists(self._jobs)

    @translated
    def listed(self, order: CompanyOrder, cursor: Cursor | None, limit: int) -> Page[Job]:
        return self._lists.page(order, cursor, limit)

    @translated
    def found(self, text: str, limit: int) -> list[Job]:
        conditions = text_filter(text, word)
        if not conditions:
            return []
        wanted = {"$and": conditions}
        newest: dict[str, Record] = {}
        for among in (2 * limit, AMONG):  # as a rule, the first reading finds enough
            rows = in_time(self._jobs, partial(self._newest, wanted, among))
            newest = {}
            for row in filter(is_shown, rows):
                newest.setdefault(row["cin"], row)
            if len(newest) >= limit or len(rows) < among:
                break
        return [to_job(row) for row in list(newest.values())[:limit]]

    def _newest(self, wanted: Record, count: int) -> list[Record]:
        """The newest jobs that match."""
        return list(self._jobs.find(wanted, sort=[("_id", DESCENDING)], limit=count))

    @translated
    def ordered(self, cins: Collection[str]) -> set[str]:
        """A query for each, since one for all would read every order."""
        return {cin for cin in cins if self._jobs.find_one({"cin": cin, **NO_EXPORT, **NOT_DELETING}, {"_id": True})}

    @translated
    def orders(self, cin: str, limit: int) -> list[Job]:
        rows = in_time(
            self._jobs,
            lambda: list(
                self._jobs.find({"cin": cin, **NO_EXPORT, **NOT_DELETING}, sort=[("_id", DESCENDING)], limit=limit)
            ),
        )
        return [to_job(row) for row in rows]

    @translated
    def orders_of(self, cins: Collection[str], limit: int) -> dict[str, list[Job]]:
        """One query, unless some companies have so many orders that it would read too much."""
        wanted, most = {"cin": {"$in": sorted(cins)}, **NO_EXPORT, **NOT_DELETING}, limit * len(cins)
        rows = in_time(self._jobs, lambda: list(self._jobs.find(wanted, limit=most + 1)))
        if len(rows) > most:
            return {cin: found for cin in cins if (found := self.orders(cin, limit))}
        orders: dict[str, list[Job]] = {}
        for row in sorted(rows, key=lambda row: row["_id"], reverse=True):
            orders.setdefault(row["cin"], []).append(to_job(row))
        return {cin: found[:limit] for cin, found in orders.items()}

    @translated
    def documents(self, cin: str, limit: int) -> CompanyDocuments:
        rows = in_time(
            self._documents,
            lambda: list(self._by_driver.find({"cin": cin}, sort=[("_id", DESCENDING)], limit=limit)),
            DOCUMENTS_SECONDS,
        )
        stated = {str(row["_id"]): to_stated_fields(row.pop("stated")) for row in rows if row.get("stated")}
        return CompanyDocuments(documents=[to_document(row) for row in rows], stated=stated)
