"""Storage by month: running totals without gaps."""

from __future__ import annotations

from jobs.domain.usage import storage_by_month, up_to


def totals(months) -> list[tuple[str, int]]:
    return [(each.month, each.total) for each in months]


def test_total_is_what_was_stored_and_not_deleted():
    found = storage_by_month({"2025-11": 10, "2026-02": 5}, {"2025-12": 4, "2026-02": 12})
    assert totals(found) == [("2025-11", 10), ("2025-12", 6), ("2026-02", 0)]
    assert [each.growth for each in found] == [10, -4, -7]
    assert found[1].shrinkage == 4


def test_months_without_changes_keep_the_total():
    found = storage_by_month({"2025-11": 10, "2026-02": 5}, {})
    assert totals(up_to(found, "2026-03", 12)) == [
        ("2025-11", 10),
        ("2025-12", 10),
        ("2026-01", 10),
        ("2026-02", 15),
        ("2026-03", 15),
    ]
    assert totals(up_to(found, "2026-03", 2)) == [("2026-02", 15), ("2026-03", 15)]
    assert totals(up_to(found, "2027-06", 1)) == [("2027-06", 15)]
    assert up_to([], "2026-03", 12) == []
