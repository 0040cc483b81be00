"""The embedded server's translation of filters and orders into SQL."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime

import pytest
from bson import ObjectId

from jobs.adapters.mongo import embedded_sql as sql
from jobs.adapters.mongo.filters import document_filter
from jobs.adapters.mongo.indexes import INDEXES
from jobs.domain.listing import DocumentFilter, TextKind

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
ROWS = {
    "a": {"jobStatus": "pending", "priority": 1, "runAfter": AT, "words": ["tata", "steel"], "uncounted": True},
    "b": {"jobStatus": "pending", "priority": 2, "runAfter": AT.replace(microsecond=1000), "words": ["steel"]},
    "c": {"jobStatus": "completed", "priority": 2, "lastError": {"kind": "x"}, "words": ["stahl.x"]},
}


@pytest.fixture
def table():
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, _id TEXT UNIQUE, data TEXT)")
        for index in INDEXES["jobs"]:
            for statement in sql.index_statements("jobs", index):
                database.execute(statement)
        for name, row in ROWS.items():
            database.execute("INSERT INTO jobs (_id, data) VALUES (?, ?)", (name * 24, json.dumps(row, default=dates)))
        yield database
    database.close()


def dates(value):
    return {"$date": value.replace(tzinfo=None).isoformat()}


@pytest.mark.parametrize("common", [False, True])
@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ({}, "abc"),
        ({"jobStatus": "pending"}, "ab"),
        ({"jobStatus": {"$in": ["pending"]}}, "ab"),
        ({"jobStatus": {"$in": ["pending", "completed"]}, "priority": 2}, "bc"),
        ({"jobStatus": {"$ne": "pending"}}, "c"),
        ({"jobStatus": {"$nin": ["completed"]}}, "ab"),
        ({"words": "steel"}, "ab"),
        ({"uncounted": True}, "a"),
        ({"uncounted": {"$ne": True}}, "bc"),
        ({"runAfter": {"$lte": AT}}, "a"),
        ({"runAfter": {"$gt": AT}}, "b"),
        ({"runAfter": {"$exists": False}}, "c"),
        ({"lastError.kind": "x"}, "c"),
        ({"lastError": {"$exists": False}}, "ab"),
        ({"priority": {"$gte": 1, "$lt": 2}}, "a"),
        ({"$or": [{"priority": 1}, {"lastError.kind": "x"}]}, "ac"),
        ({"$and": [{"_id": {"$gt": ObjectId("a" * 24)}}, {"jobStatus": "pending"}]}, "b"),
        ({"_id": {"$in": [ObjectId("a" * 24), ObjectId("c" * 24)]}}, "ac"),
        ({"words": {"$regex": "^st"}}, "abc"),
        ({"words": {"$regex": r"^stahl\.x"}}, "c"),
        ({"$and": [{"words": {"$regex": "^st"}}, {"words": {"$regex": "^ta"}}]}, "a"),
    ],
)
def test_sql_finds_what_mongodb_finds(table, filter_, found, common):
    where = sql.where(sql.Table("jobs", lambda *_: common), filter_)
    rows = table.execute(f"SELECT _id FROM jobs WHERE {where.sql} ORDER BY _id", where.values)  # noqa: S608
    assert "".join(key[0] for (key,) in rows) == found


@pytest.mark.parametrize(
    "filter_",
    [
        {"words": {"$regex": "steel"}},
        {"words": {"$regex": "^a|b"}},
        {"companyKey": {"$regex": "^a"}},
        {"unknown": 1},
        {"priority') --": 1},
        {"processingStages": {"a": 1}},
        {"$expr": {"$lt": ["$a", 1]}},
        {"priority": {"$mod": [2, 1]}},
    ],
)
def test_other_filters_are_left_to_the_server(filter_):
    with pytest.raises(sql.Untranslatable):
        sql.where(sql.Table("jobs", lambda *_: False), filter_)


@pytest.mark.parametrize(
    ("filter_", "sort", "index"),
    [
        ({"runAfter": {"$lte": AT}}, {"priority": -1, "turn": 1, "createdAt": 1}, ("due", True)),
        ({}, {"priority": -1, "turn": 1, "createdAt": 1}, None),
        ({"jobStatus": "failed"}, {"_id": -1}, ("jobStatus_id", True)),
        ({"jobStatus": "failed"}, {"companyKey": 1, "_id": 1}, ("companyKey_id", False)),
        ({"jobStatus": "failed"}, {"companyKey": 1, "_id": -1}, None),
        ({"priority": 1, "runAfter": {"$lte": AT}}, {"runAfter": 1}, ("priority_runAfter", True)),
        ({"startedAt": {"$exists": True}, "runAfter": {"$exists": True}}, {"startedAt": -1}, ("begun", True)),
        ({"startedAt": {"$exists": True}}, {"startedAt": -1}, None),
        ({"export.scope": {"$exists": True}, "jobStatus": {"$ne": "deleting"}}, {"_id": -1}, ("exports", True)),
    ],
)
def test_orders_are_read_from_an_index(table, filter_, sort, index):
    where = sql.where(sql.Table("jobs", lambda *_: False), filter_)
    found = sql.ordered_index("jobs", where, list(sort.items()))
    assert (found and (found.name, found.complete)) == (index and (f"filesure_jobs_{index[0]}", index[1]))
    if found:
        order = sql.order_by("jobs", list(sort.items()))
        query = f"SELECT 1 FROM jobs INDEXED BY {found.name} WHERE {where.sql} ORDER BY {order}"  # noqa: S608
        steps = [row[3] for row in table.execute(f"EXPLAIN QUERY PLAN {query}", where.values)]
        assert not any("TEMP B-TREE" in step for step in steps)


@pytest.mark.parametrize("wanted", [*(DocumentFilter(text_kind=kind) for kind in TextKind), DocumentFilter(reason="x")])
def test_filters_of_documents_are_translated(wanted):
    assert sql.where(sql.Table("documents", lambda *_: False), document_filter(wanted, list) or {}).values


def test_words_follow_changes_of_a_document(table):
    table.execute("UPDATE jobs SET data = json_set(data, '$.words', json('[\"neu\"]')) WHERE _id LIKE 'a%'")
    table.execute("DELETE FROM jobs WHERE _id LIKE 'b%'")
    assert sorted(table.execute("SELECT value, id FROM filesure_jobs_words")) == [
        ("neu", "a" * 24),
        ("stahl.x", "c" * 24),
    ]


def test_few_fields_are_read_without_the_others(table):
    few = sql.only({"jobStatus": 1, "lastError": True})
    (values,) = table.execute(f"SELECT {few.sql} FROM jobs WHERE _id LIKE 'c%'").fetchone()  # noqa: S608
    assert few.document(json.loads(values)) == {"jobStatus": "completed", "lastError": {"kind": "x"}}
    assert sql.only({"jobStatus": 0}) is None
    assert sql.only({"a.b": 1}) is None
    assert sql.only({"a": 1, "_id": 0}) is None
