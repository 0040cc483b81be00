"""A stand-in for Atlas Search over a database of another server, since Atlas runs nowhere else.

It accepts exactly the documented syntax that Filesure uses, refuses everything else, and executes it. Sources:
https://www.mongodb.com/docs/atlas/atlas-search/ aggregation-stages/search, operators-collectors/compound, text, phrase
and equals, index-definitions, field-types/string-type, token-type and number-type, analyzers/custom, tokenizers and
token-filters, and https://www.mongodb.com/docs/manual/reference/command/createSearchIndexes/.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from math import log1p
from types import SimpleNamespace
from typing import Any

from pymongo.errors import OperationFailure
from pymongo.operations import SearchIndexModel

Spec = Mapping[str, Any]

#: The fields of each part: which are required, and the type of each.
_STAGE = {"index": str, "compound": dict}
_CLAUSES = {"must": list, "mustNot": list, "filter": list}
_OPERATORS: dict[str, dict[str, Any]] = {
    "text": {"path": str, "query": str},
    "phrase": {"path": str, "query": str},
    "equals": {"path": str, "value": (str, int)},
}
_DEFINITION = {"analyzer": str, "searchAnalyzer": str, "analyzers": list, "mappings": dict}
_ANALYZER = {"name": str, "tokenizer": dict, "tokenFilters": list}
_FIELDS: dict[str, dict[str, Any]] = {
    "string": {"type": str, "analyzer": str, "searchAnalyzer": str, "indexOptions": str, "store": bool},
    "token": {"type": str},
    "number": {"type": str},
}
_TOKEN_FILTERS: dict[str, dict[str, Any]] = {
    "lowercase": {"type": str},
    "length": {"type": str, "min": int, "max": int},
}
_INDEX_OPTIONS = ("docs", "freqs", "positions", "offsets")
_WITH_POSITIONS = ("positions", "offsets")
#: Java's regular expressions are not Python's, so the one pattern is understood as what it means.
_WORD_BREAKS = r"[^\p{L}\p{N}_\u0900-\u0DFF]+"


def refuse(reason: str) -> OperationFailure:
    return OperationFailure(f"PlanExecutor error during aggregation :: caused by :: {reason}", 8)


def check(part: Spec, allowed: Mapping[str, Any], required: tuple[str, ...], name: str) -> None:
    """Raises OperationFailure if a field is unknown, has another type or is missing."""
    for key, value in part.items():
        if key not in allowed:
            raise refuse(f'"{name}" unrecognized field "{key}"')
        if not isinstance(value, allowed[key]) or (isinstance(value, bool) and allowed[key] is not bool):
            raise refuse(f'"{name}.{key}" has the wrong type')
    for key in required:
        if key not in part:
            raise refuse(f'"{name}.{key}" is required')


class Index:
    """A search index with a checked definition."""

    def __init__(self, name: str, definition: Spec) -> None:
        check(definition, _DEFINITION, ("mappings",), "definition")
        check(definition["mappings"], {"dynamic": bool, "fields": dict}, (), "mappings")
        self.name, self.definition = name, definition
        self.queryable = False
        self._fields: dict[str, Spec] = definition["mappings"]["fields"]
        for path, field in self._fields.items():
            if field.get("type") not in _FIELDS:
                raise refuse(f'"{path}.type" is not known here')
            check(field, _FIELDS[field["type"]], ("type",), path)
            if field.get("indexOptions", "offsets") not in _INDEX_OPTIONS:
                raise refuse(f'"{path}.indexOptions" must be one of {_INDEX_OPTIONS}')
        self._analyzers = {each["name"]: _analyzer(each) for each in definition.get("analyzers", [])}

    def described(self) -> dict[str, Any]:
        """As ``$listSearchIndexes`` does. Defaults are added to the definition."""
        status = "READY" if self.queryable else "PENDING"
        definition = {**self.definition, "mappings": {**self.definition["mappings"], "typeSets": []}, "synonyms": []}
        return {"name": self.name, "status": status, "queryable": self.queryable, "latestDefinition": definition}

    def words(self, path: str, text: str, by: str) -> list[str]:
        """``by``: analyzer or searchAnalyzer."""
        name = self._fields[path].get(by) or self.definition.get(by)
        if name not in self._analyzers:
            raise refuse(f'analyzer "{name}" is not known here')
        return self._analyzers[name](text)

    def field(self, path: str, *types: str) -> Spec:
        """Raises OperationFailure if the path is not indexed for the operator: Atlas would find nothing."""
        if path not in self._fields or self._fields[path]["type"] not in types:
            raise refuse(f'"{path}" is not indexed as {types}')
        return self._fields[path]


def _analyzer(spec: Spec) -> Callable[[str], list[str]]:
    check(spec, _ANALYZER, ("name", "tokenizer"), "analyzers")
    if spec["name"].startswith(("lucene.", "builtin.", "mongodb.")):
        raise refuse("the prefix of the analyzer's name is reserved")
    if spec["tokenizer"] != {"type": "regexSplit", "pattern": _WORD_BREAKS}:
        raise refuse("the tokenizer is not known here")
    filters = spec.get("tokenFilters", [])
    for each in filters:
        if each.get("type") not in _TOKEN_FILTERS:
            raise refuse(f"the token filter {each} is not known here")
        check(each, _TOKEN_FILTERS[each["type"]], ("type",), "tokenFilters")

    def analyze(text: str) -> list[str]:
        words = list(_split(text))
        for each in filters:
            if each["type"] == "lowercase":
                words = [word.lower() for word in words]
            else:
                words = [word for word in words if each.get("min", 0) <= len(word) <= each.get("max", 255)]
        return words

    return analyze


def is_in_words(letter: str) -> bool:
    """What ``_WORD_BREAKS`` leaves over, by the Unicode categories that Java names L and N."""
    return unicodedata.category(letter)[0] in "LN" or letter == "_" or "\u0900" <= letter <= "\u0dff"


def _split(text: str) -> Iterator[str]:
    word = ""
    for letter in f"{text} ":
        if is_in_words(letter):
            word += letter
        elif word:
            yield word
            word = ""


def check_search(stage: Spec, index: Index | None) -> None:
    """Raises OperationFailure if this is not the documented syntax, or not what the index is for."""
    check(stage, _STAGE, ("compound",), "$search")
    check(stage["compound"], _CLAUSES, (), "compound")
    if not any(stage["compound"].values()):
        raise refuse('"compound" must have at least one clause')
    for name, clauses in stage["compound"].items():
        if not clauses:
            raise refuse(f'"compound.{name}" cannot be empty')
        for clause in clauses:
            _check_operator(clause, index)


def _check_operator(clause: Spec, index: Index | None) -> None:
    if len(clause) != 1 or next(iter(clause)) not in _OPERATORS:
        raise refuse(f"exactly one operator of {sorted(_OPERATORS)} is needed: {dict(clause)}")
    ((operator, spec),) = clause.items()
    check(spec, _OPERATORS[operator], tuple(_OPERATORS[operator]), operator)
    if not index:
        return
    if operator == "equals":
        index.field(spec["path"], "token" if isinstance(spec["value"], str) else "number")
    else:
        field = index.field(spec["path"], "string")
        if operator == "phrase" and field.get("indexOptions", "offsets") not in _WITH_POSITIONS:
            raise refuse("phrases need positions")


def score(index: Index, clause: Spec, row: Spec) -> float:
    """Of a row for an operator; 0 if it does not match. Phrases have a slop of 0."""
    ((operator, spec),) = clause.items()
    path = spec["path"]
    if operator == "equals":
        return float(row.get(path) == spec["value"])
    words = index.words(path, row.get(path, ""), "analyzer")
    sought = index.words(path, spec["query"], "searchAnalyzer")
    if operator == "text":
        found = sum(words.count(word) for word in sought)
    else:
        found = sum(words[at : at + len(sought)] == sought for at in range(len(words))) if sought else 0
    return log1p(found) / log1p(len(words) + 1) if found else 0.0


class _MongoDb:
    """A client whose server says that it is MongoDB."""

    admin = SimpleNamespace(command=lambda _: {"storageEngines": ["wiredTiger"]})


class SearchableDatabase:
    """The collections of a MongoDB database with search indexes. ``is_enabled``: whether Atlas Search answers."""

    def __init__(self, database: Any, *, is_enabled: bool = True) -> None:
        self._database = database
        self.is_enabled = is_enabled
        self.client = _MongoDb()
        self.indexes: dict[tuple[str, str], Index] = {}

    def __getitem__(self, name: str) -> Any:
        return SearchableCollection(self, self._database[name])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def finish_builds(self) -> None:
        for index in self.indexes.values():
            index.queryable = True


class SearchableCollection:
    """A collection that understands ``$search`` as the first stage."""

    def __init__(self, database: SearchableDatabase, collection: Any) -> None:
        self._searchable = database
        self._collection = collection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    @property
    def database(self) -> SearchableDatabase:
        return self._searchable

    def list_search_indexes(self, name: str) -> Iterator[dict[str, Any]]:
        self._need_search()
        found = self._index(name)
        return iter([found.described()] if found else [])

    def create_search_index(self, model: SearchIndexModel) -> str:
        self._need_search()
        name = model.document["name"]
        if self._index(name):
            raise OperationFailure("Duplicate Index", 68)
        self._searchable.indexes[self._collection.name, name] = Index(name, model.document["definition"])
        return str(name)

    def update_search_index(self, name: str, definition: Spec) -> None:
        """The index stays queryable with its earlier definition until it is rebuilt."""
        self._need_search()
        updated, earlier = Index(name, definition), self._index(name)
        updated.queryable = earlier is not None and earlier.queryable
        self._searchable.indexes[self._collection.name, name] = updated

    def aggregate(self, pipeline: list[Spec]) -> Any:
        if any("$search" in stage for stage in pipeline[1:]):
            raise OperationFailure("$_internalSearchMongotRemote is only valid as the first stage in a pipeline", 40602)
        if "$search" not in pipeline[0]:
            return self._collection.aggregate(pipeline)
        self._need_search()
        search = pipeline[0]["$search"]
        index = self._index(search.get("index", "default"))
        check_search(search, index)
        rows: Iterator[dict[str, Any]] = iter([])
        if index and index.queryable:  # otherwise nothing is found, without an error
            rows = self._best(index, search["compound"])
        for stage in pipeline[1:]:
            rows = _followed(rows, stage)
        return rows

    def _best(self, index: Index, compound: Spec) -> Iterator[dict[str, Any]]:
        scored = []
        for row in self._collection.find():
            musts = [score(index, clause, row) for clause in compound.get("must", [])]
            filters = [score(index, clause, row) for clause in compound.get("filter", [])]
            against = [score(index, clause, row) for clause in compound.get("mustNot", [])]
            if all(musts) and all(filters) and not any(against):
                scored.append((sum(musts), row))
        scored.sort(key=lambda each: -each[0])
        return ({**row, "$searchScore": points} for points, row in scored)

    def _index(self, name: str) -> Index | None:
        return self._searchable.indexes.get((self._collection.name, name))

    def _need_search(self) -> None:
        if not self._searchable.is_enabled:
            raise OperationFailure(
                "Using $search and $vectorSearch aggregation stages requires additional configuration", 31082
            )


def _followed(rows: Iterator[dict[str, Any]], stage: Spec) -> Iterator[dict[str, Any]]:
    ((operator, spec),) = stage.items()
    if operator == "$limit":
        return iter(list(rows)[:spec])
    if operator != "$project":
        raise refuse(f"{operator} is not known here")
    meta = [name for name, value in spec.items() if value == {"$meta": "searchScore"}]
    kept = {"_id", *(name for name, value in spec.items() if value is True)}
    if len(meta) + len(kept) - 1 != len(spec):
        raise refuse(f"this projection is not known here: {dict(spec)}")
    return (
        {name: value for name, value in row.items() if name in kept} | dict.fromkeys(meta, row["$searchScore"])
        for row in rows
    )
