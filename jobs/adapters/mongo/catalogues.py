"""The catalogue, the companies and the directory that suit a server."""

from __future__ import annotations

from pymongo.database import Database

from jobs.adapters.mongo.catalogue import MongoCatalogue
from jobs.adapters.mongo.catalogue_documentdb import DocumentDbCatalogue
from jobs.adapters.mongo.catalogue_embedded import EmbeddedCatalogue
from jobs.adapters.mongo.companies import MongoCompanies
from jobs.adapters.mongo.companies_documentdb import DocumentDbCompanies
from jobs.adapters.mongo.connection import Document, product, sorts_by_index
from jobs.adapters.mongo.directory import MongoDirectory
from jobs.adapters.mongo.directory_documentdb import DocumentDbDirectory
from jobs.ports import Clock


def catalogue(database: Database[Document], clock: Clock) -> MongoCatalogue:
    """Raises DatabaseUnavailable, DatabaseRefused."""
    kinds = {"embedded": EmbeddedCatalogue, "documentdb": DocumentDbCatalogue, "mongodb": MongoCatalogue}
    return kinds[product(database)](database, clock)


def companies(database: Database[Document]) -> MongoCompanies:
    """Raises DatabaseUnavailable, DatabaseRefused."""
    return MongoCompanies(database) if sorts_by_index(database) else DocumentDbCompanies(database)


def directory(database: Database[Document]) -> MongoDirectory:
    """Raises DatabaseUnavailable, DatabaseRefused."""
    return DocumentDbDirectory(database) if product(database) == "documentdb" else MongoDirectory(database)
