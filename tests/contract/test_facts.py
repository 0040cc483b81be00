"""Searching what filings state, in every implementation."""

from __future__ import annotations

import pytest

from jobs.adapters.memory import MemoryFacts
from jobs.adapters.mongo.page_indexes import page_index
from jobs.domain.record_search import RecordFact, RecordFilter
from jobs.domain.search import Content
from jobs.ports import FactIndex
from tests.making import a_cin

CIN = a_cin()
OLD, NEW, OTHER = (
    Content(cin=cin, checksum=f"sha256:{number:064}") for number, cin in enumerate((CIN, CIN, a_cin()), start=1)
)
ASHA = RecordFact(what="directors", name="Asha Devi RAMAN", din="00000017", page=2)
RAVI = RecordFact(what="directors", name="Ravi Raman", din="07120034")
REVENUE = RecordFact(what="revenue", amount=500_00, page=3)
LOSS = RecordFact(what="profit", amount=-70_00)


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def facts(request) -> FactIndex:
    if request.param == "memory":
        found: FactIndex = MemoryFacts()
    else:
        database = request.getfixturevalue("database")
        database["facts"].delete_many({})
        found = page_index(database).facts
    found.replace(OLD, [ASHA, REVENUE], form="MGT-7", year=2024)
    found.replace(NEW, [ASHA, RAVI, LOSS], form="AOC-4", year=2025)
    found.replace(OTHER, [RAVI, RecordFact(what="revenue", amount=900_00)], form="MGT-7", year=None)
    return found


def hits(facts: FactIndex, **wanted: object) -> list[tuple[Content, str | int | None]]:
    found = facts.search(RecordFilter(**wanted), 50)
    return [(each.content, each.fact.name if each.fact.amount is None else each.fact.amount) for each in found]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"name": "raman asha"}, [(NEW, ASHA.name), (OLD, ASHA.name)]),
        ({"name": "raman devi asha", "year": 2024}, [(OLD, ASHA.name)]),
        ({"name": "RAMAN", "form": "AOC-4", "din": "00000017"}, [(NEW, ASHA.name)]),
        ({"name": "asha ravi"}, []),
        ({"din": "07120034"}, [(NEW, RAVI.name), (OTHER, RAVI.name)]),
        ({"din": "07120034", "cin": CIN}, [(NEW, RAVI.name)]),
        ({"least": 500_00}, [(OTHER, 900_00), (OLD, 500_00)]),
        ({"least": 500_00, "most": 500_00}, [(OLD, 500_00)]),
        ({"most": 0}, [(NEW, -70_00)]),
        ({"least": 1, "form": "MGT-7", "year": 2024}, [(OLD, 500_00)]),
        ({"name": "raman", "least": 600_00}, [(OTHER, 900_00)]),
        ({"name": "nobody", "least": 1}, []),
    ],
)
def test_people_and_amounts_are_found(facts, wanted, found):
    assert hits(facts, **wanted) == found


def test_facts_are_replaced_and_forgotten(facts):
    facts.replace(OLD, [REVENUE], form="MGT-7", year=2024)
    assert hits(facts, name="asha") == [(NEW, ASHA.name)]
    assert list(facts.search(RecordFilter(least=0), 1)) == list(facts.search(RecordFilter(least=0), 50))[:1]
    assert set(facts.contents()) == {OLD, NEW, OTHER}
    facts.forget({OLD, NEW})
    facts.forget(set())
    assert list(facts.contents()) == [OTHER]


@pytest.mark.parametrize("limit", [1, 7, 30])
def test_latest_years_and_largest_amounts_come_first(facts, limit):
    amounts = [at**3 * 100 - 50_000 for at in range(40)]
    for at, amount in enumerate(amounts):
        content = Content(cin=CIN, checksum=f"sha256:{100 + at:064}")
        facts.replace(content, [ASHA, RecordFact(what="assets", amount=amount)], form="CHG-1", year=1985 + at)
    people = facts.search(RecordFilter(din=ASHA.din, form="CHG-1"), limit)
    assert [int(each.content.checksum[-3:]) for each in people] == list(range(139, 139 - limit, -1))
    for least, most in ((-(10**9), None), (0, 2_000_000), (None, 0)):
        low, high = -(10**9) if least is None else least, 10**9 if most is None else most
        found = facts.search(RecordFilter(least=least, most=most, form="CHG-1"), limit)
        matching = sorted((each for each in amounts if low <= each <= high), reverse=True)
        assert [each.fact.amount for each in found] == matching[:limit]
