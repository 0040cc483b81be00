"""The index of pages that suits a server."""

from __future__ import annotations

from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, product
from jobs.adapters.mongo.pages import MongoPages
from jobs.adapters.mongo.pages_documentdb import DocumentDbPages
from jobs.adapters.mongo.pages_embedded import EmbeddedPages


def page_index(database: Database[Document], atlas_index: str | None = None) -> MongoPages:
    """``atlas_index``: the name of the Atlas Search index to use, if the server may have one.

    Raises DatabaseUnavailable, DatabaseRefused.
    """
    kinds = {"embedded": EmbeddedPages, "documentdb": DocumentDbPages, "mongodb": MongoPages}
    own = kinds[product(database)](database)
    if not atlas_index:
        return own
    from jobs.adapters.mongo.atlas_index import could_have  # loaded only where it is configured
    from jobs.adapters.mongo.pages_atlas import AtlasPages

    return AtlasPages(database, atlas_index, own) if could_have(database) else own
