"""The directory of companies on DocumentDB, which reads all names of the commoner of two words to intersect them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from jobs.adapters.mongo.connection import Document as Record
from jobs.adapters.mongo.directory import SECONDS, SHOWN, MongoDirectory
from jobs.adapters.mongo.paging import in_time
from jobs.domain.directory import ListedCompany

#: So many names with one of the words are compared with the others before the index intersects them.
_COMPARED = 2_000


class DocumentDbDirectory(MongoDirectory):
    """``jobs.ports.Directory`` on DocumentDB."""

    def _with_all(self, conditions: Sequence[Record], limit: int) -> list[ListedCompany]:
        for one in conditions if len(conditions) > 1 else ():
            if found := self._among_first(one, [each for each in conditions if each is not one], limit):
                return found
            if not self._has_more(one):
                return []
        return super()._with_all(conditions, limit)

    def _among_first(self, one: Record, others: Sequence[Record], limit: int) -> list[ListedCompany]:
        """Of the first companies that meet one condition, those that meet the others."""
        first: list[Record] = [{"$match": one}, {"$limit": _COMPARED}]
        matching: list[Record] = [{"$match": {"$and": others}}, {"$limit": limit}, {"$project": SHOWN}]
        return self.companies(lambda: self._directory.aggregate(first + matching))

    def _has_more(self, one: Record) -> bool:
        """Whether more companies meet the condition than are compared."""
        beyond = partial(self._directory.find_one, one, {"_id": True}, skip=_COMPARED)
        return in_time(self._directory, beyond, SECONDS) is not None
