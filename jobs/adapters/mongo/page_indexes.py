"""The index of pages that suits a server."""

from __future__ import annotations

from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, product
from jobs.adapters.mongo.pages import MongoPages
from jobs.adapters.mongo.pages_documentdb import DocumentDbPages
from jobs.adapters.mongo.pages_embedded import EmbeddedPages


def page_index(database: Database[Document]) -> MongoPages:
    """Raises DatabaseUnavailable, DatabaseRefused."""
    kinds = {"embedded": EmbeddedPages, "documentdb": DocumentDbPages, "mongodb": MongoPages}
    return kinds[product(database)](database)
