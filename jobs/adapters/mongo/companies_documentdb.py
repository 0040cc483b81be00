"""Companies on DocumentDB, which sorts by no index but that of ids, see ``id_ranges`` and ``key_ranges``."""

from __future__ import annotations

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database

from jobs.adapters.mongo.companies import MongoCompanies
from jobs.adapters.mongo.company_lists import COMPANY, CompanyLists
from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.id_ranges import IdRanges
from jobs.adapters.mongo.key_ranges import ranges_of_companies
from jobs.adapters.mongo.queue_filters import NO_EXPORT, NOT_DELETING
from jobs.domain.listing import Cursor


class DocumentDbCompanyLists(CompanyLists):
    """Pages of companies on DocumentDB."""

    def _named(self, key: str, cin: str, count: int, *, back: bool) -> list[Record]:
        """Range by range, each company's newest order. Not with $or, for which all that follow may be read."""
        beyond = "$lt" if back else "$gt"
        newest = self._newest_of_each({"companyKey": key, "cin": {beyond: cin}}, count, back=back) if key else []
        for keys in ranges_of_companies(self._jobs, key, ascending=not back):
            if len(newest) >= count:
                break
            if within := keys["companyKey"]:  # not those without a name
                wanted = {"companyKey": {beyond: key, **within}}
                newest += self._newest_of_each(wanted, count - len(newest), back=back)
        return self._with_ids(newest)

    def _newest_of_each(self, wanted: Record, limit: int, *, back: bool) -> list[ObjectId]:
        """The ids of the first companies' newest orders."""
        company, towards = {"key": "$companyKey", "cin": "$cin"}, DESCENDING if back else ASCENDING
        groups = self._jobs.aggregate(
            [
                {"$match": {"$and": [wanted, NO_EXPORT, NOT_DELETING]}},
                {"$group": {"_id": company, "newest": {"$max": "$_id"}}},
                {"$sort": {"_id.key": towards, "_id.cin": towards}},
                {"$limit": limit},
            ],
            hint="companyKey_cin",
        )
        return [group["newest"] for group in groups]

    def _by_age(self, cursor: Cursor | None, towards: int, count: int) -> list[Record]:
        return IdRanges(self._jobs, fields=COMPANY).page({}, cursor, {}, [("_id", towards)], count)


class DocumentDbCompanies(MongoCompanies):
    """``jobs.ports.Companies`` on DocumentDB."""

    _company_lists = DocumentDbCompanyLists

    def __init__(self, database: Database[Record]) -> None:
        super().__init__(database)
        self._ids = IdRanges(self._jobs)

    def _newest(self, wanted: Record, count: int) -> list[Record]:
        return self._ids.newest(wanted, count)
