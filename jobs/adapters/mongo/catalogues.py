"""The catalogue that suits a server."""

from __future__ import annotations

from pymongo.database import Database

from jobs.adapters.mongo.catalogue import MongoCatalogue
from jobs.adapters.mongo.catalogue_documentdb import DocumentDbCatalogue
from jobs.adapters.mongo.catalogue_embedded import EmbeddedCatalogue
from jobs.adapters.mongo.connection import Document, is_embedded, sorts_by_index
from jobs.ports import Clock


def catalogue(database: Database[Document], clock: Clock) -> MongoCatalogue:
    """Raises DatabaseUnavailable, DatabaseRefused."""
    if is_embedded(database):
        return EmbeddedCatalogue(database, clock)
    return MongoCatalogue(database, clock) if sorts_by_index(database) else DocumentDbCatalogue(database, clock)
