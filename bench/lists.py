"""Every filter and sort order of the lists, the counts and the claim: many jobs compared with 1,000."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bench.filling import fill_documents
from bench.measuring import SMALL, Report, an_application, sized
from bench.site import GROWTH, NOTICED, SLOWEST_SECONDS, fill
from jobs.bootstrap import Application
from jobs.domain.document import DocumentStatus
from jobs.domain.job import JobStatus
from jobs.domain.listing import CompanyOrder, DocumentFilter, DocumentOrder, JobFilter, JobOrder, TextKind
from jobs.web import snapshots
from jobs.web.snapshots import Live, Span

FEW = sized(1_000, 100)
MANY = int(os.environ.get("BENCH_LISTED", sized(100_000, 300)))
DUE, CLAIMS = (sized(1_000, 50), sized(20_000, 200)), sized(200, 10)
_FIRST_VIEW = "first view of the dashboard"
_LIVES: dict[str, Live] = {}
#: Per job: at full size, 1,000,000 in all.
DOCUMENTS = sized(10, 2)
COUNTED, PAGE, AMONG, ROUNDS = 10_000, 25, 1_000, sized(5, 1)

_FILTERS = {
    "none": JobFilter(),
    **{str(status): JobFilter(statuses=frozenset({status})) for status in (JobStatus.COMPLETED, JobStatus.FAILED)},
    "by": JobFilter(requested_by="user3"),
    "priority": JobFilter(priority=3),
    "reason": JobFilter(reason="source_unavailable"),
    "a common word": JobFilter(text="private"),
    "a rare word": JobFilter(text="99"),
    "a CIN": JobFilter(text="U72900KA1990PTC0000"),
    "since": JobFilter(since=datetime.now(UTC).date()),
    "completed, by": JobFilter(statuses=frozenset({JobStatus.COMPLETED}), requested_by="user3"),
}
_DOCUMENTS = {
    "none": DocumentFilter(),
    "failed": DocumentFilter(status=DocumentStatus.FAILED),
    "type": DocumentFilter(document_type="AOC-4"),
    "text": DocumentFilter(text_kind=TextKind.TEXT),
    "reason": DocumentFilter(reason="document_unavailable"),
    "company": DocumentFilter(text="private"),
}

Query = tuple[str, Callable[[Application], object]]


def queries() -> list[Query]:
    """Each query with its name."""
    found: list[Query] = [("due jobs", lambda app: app.jobs.count_due(100))]
    for name, wanted in _FILTERS.items():
        found += [
            (f"list {name}, {order}", lambda app, w=wanted, o=order: app.catalogue.jobs(w, o, None, PAGE))  # type: ignore[misc]
            for order in JobOrder
        ]
        found.append((f"count {name}", lambda app, w=wanted: app.catalogue.count(w, COUNTED)))  # type: ignore[misc]
        found.append((f"facets {name}", lambda app, w=wanted: app.catalogue.facets(w, AMONG)))  # type: ignore[misc]
    for name, listed in _DOCUMENTS.items():
        found += [
            (f"documents {name}, {order}", lambda app, w=listed, o=order: app.catalogue.documents(w, o, None, PAGE))  # type: ignore[misc]
            for order in DocumentOrder
        ]
    for order in CompanyOrder:
        found.append((f"companies, {order}", lambda app, o=order: app.companies.listed(o, None, PAGE)))  # type: ignore[misc]
    for span in Span:
        found.append((f"{_FIRST_VIEW}, {span}", lambda app, s=span: _live(app).snapshot(s)))  # type: ignore[misc]
        found.append((f"dashboard, {span}", lambda app, s=span: _dashboard(app, s)))  # type: ignore[misc]
    return found


def _live(app: Application) -> Live:
    return Live(lambda: app.catalogue, app.clock, dict)


def _dashboard(app: Application, span: Span) -> None:
    """Once all is counted."""
    live = _LIVES.setdefault(app.database.name, _live(app))
    while live.snapshot(span).counted_since:
        pass


def measure(uri: str, report: Report) -> None:
    """Measure each query's time; report the slowest, and the one that grows most."""
    snapshots.FRESH_SECONDS = 0.0  # every view reads
    with an_application(uri) as small, an_application(uri) as large:
        fill(small, FEW)
        fill(large, MANY)
        fill_documents(small, DOCUMENTS)
        fill_documents(large, DOCUMENTS)
        times = [(name, _seconds(query, small), _seconds(query, large)) for name, query in queries()]
        _measure_claims(report, small, large)
    if not SMALL:
        for name, few, lots in times:
            print(f"      {name:<44} {lots * 1e3:8.1f} ms / {few * 1e3:.1f} ms")
    name, few, lots = max(times, key=lambda row: row[2])
    note = f"{name}: {lots * 1e3:.0f} ms"
    report.add(f"slowest list, count or dashboard, {MANY:,} jobs: seconds", lots, SLOWEST_SECONDS, note=note)
    again = [row for row in times if not row[0].startswith(_FIRST_VIEW)]
    name, few, lots = max(again, key=lambda row: row[2] / max(row[1], NOTICED))
    note = f"{name}: {lots * 1e3:.1f} ms / {few * 1e3:.1f} ms"
    report.add(f"growth of any of them, {MANY:,} jobs / {FEW:,} jobs", lots / max(few, NOTICED), GROWTH, note=note)


def _seconds(query: Callable[[Application], object], app: Application) -> float:
    """The best of a few, after a warm-up."""
    query(app)
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        query(app)
        times.append(time.perf_counter() - started)
    return min(times)


def _measure_claims(report: Report, *apps: Application) -> None:
    rates = []
    for app, due in zip(apps, DUE, strict=True):
        app.database["jobs"].delete_many({"runAfter": {"$exists": True}})
        fill(app, due, waiting=due)
        started = time.perf_counter()
        for _ in range(CLAIMS):
            assert app.jobs.claim_next("worker", 600)
        rates.append(CLAIMS / (time.perf_counter() - started))
    note = f"{rates[1]:.0f}/s / {rates[0]:.0f}/s"
    report.add(f"claims, {DUE[1]:,} jobs wait / {DUE[0]:,} wait", rates[0] / rates[1], 2.0, note=note)
    report.add(f"claims per second, {DUE[1]:,} jobs wait", rates[1], 100, at_least=True)
