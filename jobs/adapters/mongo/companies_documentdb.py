"""Companies on DocumentDB, which sorts by no index but that of ids, see ``id_ranges`` and ``key_ranges``."""

from __future__ import annotations

from pymongo.database import Database

from jobs.adapters.mongo.companies import MongoCompanies
from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.id_ranges import IdRanges
from jobs.adapters.mongo.key_ranges import ranges_of_companies
from jobs.adapters.mongo.queue_filters import NO_EXPORT, NOT_DELETING
from jobs.adapters.mongo.records import to_job
from jobs.domain.company_names import company_key
from jobs.ports.companies import CompanyPage


class DocumentDbCompanies(MongoCompanies):
    """``jobs.ports.Companies`` on DocumentDB."""

    def __init__(self, database: Database[Record]) -> None:
        super().__init__(database)
        self._ids = IdRanges(self._jobs)

    def _listed(self, after: tuple[str, str] | None, limit: int) -> CompanyPage:
        """Range by range, each company's newest order. Not with $or, for which all that follow may be read."""
        name, cin = after or ("", "")
        key = company_key(name)
        newest = self._newest_of_each({"companyKey": key, "cin": {"$gt": cin}}, limit + 1) if key else []
        for keys in ranges_of_companies(self._jobs, key, ascending=True):
            if len(newest) > limit:
                break
            if within := keys["companyKey"]:  # not those without a name
                newest += self._newest_of_each({"companyKey": {"$gt": key, **within}}, limit + 1 - len(newest))
        rows = {row["_id"]: row for row in self._jobs.find({"_id": {"$in": newest[:limit]}})}
        found = [to_job(rows[each]) for each in newest[:limit] if each in rows]
        return CompanyPage(items=found, is_last=len(newest) <= limit)

    def _newest_of_each(self, wanted: Record, limit: int) -> list[object]:
        """The ids of the first companies' newest orders."""
        company = {"key": "$companyKey", "cin": "$cin"}
        groups = self._jobs.aggregate(
            [
                {"$match": {"$and": [wanted, NO_EXPORT, NOT_DELETING]}},
                {"$group": {"_id": company, "newest": {"$max": "$_id"}}},
                {"$sort": {"_id.key": 1, "_id.cin": 1}},
                {"$limit": limit},
            ],
            hint="companyKey_cin",
        )
        return [group["newest"] for group in groups]

    def _newest(self, wanted: Record, count: int) -> list[Record]:
        return self._ids.newest(wanted, count)
