"""Companies in MongoDB, from the collections ``jobs`` and ``documents``."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from bson.codec_options import CodecOptions
from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.connection import translated
from jobs.adapters.mongo.document_records import to_document
from jobs.adapters.mongo.filters import text_filter, word
from jobs.adapters.mongo.paging import in_time
from jobs.adapters.mongo.queue_filters import NO_EXPORT, NOT_DELETING
from jobs.adapters.mongo.readings import to_stated_fields
from jobs.adapters.mongo.records import to_job
from jobs.domain.companies.statements import CompanyDocuments
from jobs.domain.company_names import company_key
from jobs.domain.job import Job, JobStatus
from jobs.ports.companies import CompanyPage

AMONG = 1_000
#: For up to 10,000 documents with what they state, some 20 MB.
DOCUMENTS_SECONDS = 15.0
_BY_NAME = [("companyKey", ASCENDING), ("cin", ASCENDING), ("_id", DESCENDING)]


class MongoCompanies:
    """``jobs.ports.Companies``."""

    def __init__(self, database: Database[Record]) -> None:
        self._jobs = database["jobs"]
        self._documents = database["documents"]
        # The driver's own UTC: to convert each time to Python's is a twentieth of the time of a large company.
        self._by_driver = self._documents.with_options(CodecOptions[Record](tz_aware=True))

    @translated
    def listed(self, after: tuple[str, str] | None, limit: int) -> CompanyPage:
        """Hop from one company to the next in the index, so the cost does not grow with the number of orders."""
        return in_time(self._jobs, lambda: self._listed(after, limit))

    def _listed(self, after: tuple[str, str] | None, limit: int) -> CompanyPage:
        found: list[Job] = []
        name, cin = after or ("", "")
        key = company_key(name)
        while len(found) <= limit:
            row = self._following(key, cin)
            if row is None:
                return CompanyPage(items=found, is_last=True)
            key, cin = row["companyKey"], row["cin"]
            if row["jobStatus"] == JobStatus.DELETING:
                row = self._jobs.find_one({"companyKey": key, "cin": cin, **NO_EXPORT, **NOT_DELETING}, sort=_BY_NAME)
            if row:
                found.append(to_job(row))
        return CompanyPage(items=found[:limit], is_last=False)

    def _following(self, key: str, cin: str) -> Record | None:
        """The newest order of the next company: with the same name, or with the next name."""
        same = {"companyKey": key, "cin": {"$gt": cin}, **NO_EXPORT}
        return self._jobs.find_one(same, sort=_BY_NAME) or self._jobs.find_one(
            {"companyKey": {"$gt": key}, **NO_EXPORT}, sort=_BY_NAME
        )

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
            for row in filter(_is_shown, rows):
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


def _is_shown(row: Record) -> bool:
    """Not in the query, because these conditions would cost DocumentDB the index of the others."""
    return "export" not in row and row["jobStatus"] != JobStatus.DELETING
