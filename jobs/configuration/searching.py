"""The settings of searches; a part of ``table``."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.configuration import readers as env
from jobs.configuration.setting import setting


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """How text is found."""

    atlas_search_index: str | None = setting(
        env.text,
        None,
        "Name of the Atlas Search index of pages, which migrate_documents creates; see atlas-search.md. Unset:"
        " MongoDB's own text index.",
        example="pages",
    )
