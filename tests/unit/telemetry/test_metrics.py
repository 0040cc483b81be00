"""Metrics: their names, and that nothing is counted twice or lost."""

from __future__ import annotations

import re
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from jobs.adapters.measured_blob import MeasuredBlobStore
from jobs.adapters.memory_blob import MemoryBlobStore
from jobs.adapters.mongo.totals.flusher import Flusher
from jobs.adapters.prometheus import PrometheusInstruments
from jobs.configuration import reference
from jobs.domain.errors import BlobNotFound, DatabaseUnavailable
from jobs.telemetry.metrics import CATALOGUE, Kind, Origin, timed

DOCS = Path(__file__).resolve().parents[3] / "docs"


class UnsureTotals:
    """Totals over a bad network: ``way`` decides for each call whether it arrives and whether it is answered."""

    def __init__(self, ways) -> None:
        self.ways = iter(ways)
        self.last: dict[str, int] = {}
        self.sums: Counter[str] = Counter()

    def add(self, worker, sequence, amounts):
        way = next(self.ways, "good")
        if way != "lost" and sequence == self.last.get(worker, 0) + 1:
            self.last[worker] = sequence
            self.sums.update(amounts)
        if way != "good":
            raise DatabaseUnavailable("away")

    def fold(self) -> int:
        return 0


@given(
    st.lists(st.one_of(st.integers(1, 5), st.just("flush")), max_size=30),
    st.lists(st.sampled_from(["good", "lost", "unanswered"]), max_size=30),
)
def test_lost_answers_never_distort_totals(deeds, ways):
    totals = UnsureTotals(ways)
    instruments = PrometheusInstruments("worker", CollectorRegistry())
    flusher = Flusher(instruments.counted, lambda: totals)
    counted = 0
    for deed in deeds:
        if deed == "flush":
            done = flusher.flush()
            assert totals.sums["filesure_downloaded_bytes_total"] <= counted
            assert not done or totals.sums["filesure_downloaded_bytes_total"] == counted
        else:
            instruments.count("filesure_downloaded_bytes_total", deed)
            counted += deed
    while not flusher.flush():
        pass
    assert totals.sums["filesure_downloaded_bytes_total"] == counted
    assert all(value > 0 for value in totals.sums.values())


def test_killed_worker_loses_only_unflushed_counts():
    totals = UnsureTotals([])
    for _ in range(3):  # each stands for a separate process
        instruments = PrometheusInstruments("worker", CollectorRegistry())
        flusher = Flusher(instruments.counted, lambda: totals)
        instruments.count("filesure_runs_total", outcome="advanced")
        flusher.flush()
        instruments.count("filesure_runs_total", outcome="failed")  # the process is killed here
    assert totals.sums == {"filesure_runs_total?outcome=advanced": 3}


def test_concurrent_flushes_count_once():
    totals = UnsureTotals([])
    instruments = PrometheusInstruments("worker", CollectorRegistry())
    flusher = Flusher(instruments.counted, lambda: totals)

    def work():
        for _ in range(200):
            instruments.count("filesure_documents_uploaded_total")
            flusher.flush()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals.sums == {"filesure_documents_uploaded_total": 800}


def test_hanging_flush_holds_up_nothing_else():
    asked, answered = threading.Event(), threading.Event()

    class SlowTotals(UnsureTotals):
        def add(self, worker, sequence, amounts):
            asked.set()
            assert answered.wait(30)
            super().add(worker, sequence, amounts)

    totals, instruments = SlowTotals([]), PrometheusInstruments("worker", CollectorRegistry())
    instruments.count("filesure_documents_uploaded_total")
    with Flusher(instruments.counted, lambda: totals).flushing(0.01):
        assert asked.wait(30)
        instruments.count("filesure_documents_uploaded_total")
        answered.set()
    assert totals.sums == {"filesure_documents_uploaded_total": 2}


def test_unexpected_flush_error_is_only_logged(caplog):
    def broken():
        raise RuntimeError("no")

    instruments = PrometheusInstruments("worker", CollectorRegistry())
    instruments.count("filesure_documents_uploaded_total")
    assert not Flusher(instruments.counted, broken).flush()
    assert "metrics.unexpected" in caplog.text


@pytest.mark.parametrize("family", CATALOGUE, ids=lambda family: family.name)
def test_names_follow_the_conventions(family):
    assert re.fullmatch(r"filesure_[a-z]+(_[a-z]+)*", family.name)
    assert (family.kind is Kind.COUNTER) == family.name.endswith("_total")
    assert (family.kind is Kind.HISTOGRAM) == bool(family.buckets)
    assert not re.search(r"(_ms|_milliseconds|_minutes|_kb)\b", family.name)
    assert family.about.endswith(".")
    assert all(len(values) == len(family.labels) for values in family.known)
    assert not {"job", "id", "company", "cin", "instance"} & set(family.labels)


def test_names_are_unique():
    names = [family.name for family in CATALOGUE]
    of_workers = [family for family in CATALOGUE if family.origin is Origin.WORKERS]
    names += [family.live_name(component) for family in of_workers for component in ("worker", "web")]
    assert len(set(names)) == len(names)


def test_metrics_page_is_current():
    assert (DOCS / "metrics.md").read_text() == reference.metrics(), "run: make docs/metrics.md"


def test_unlisted_metrics_cannot_be_counted():
    instruments = PrometheusInstruments("web", CollectorRegistry())
    with pytest.raises(KeyError):
        instruments.count("filesure_jobs_completed_total")
    with pytest.raises(KeyError):
        instruments.count("filesure_runs_total", outcome="failed")  # a worker's count


class RecordedInstruments:
    """Instruments that record calls."""

    def __init__(self) -> None:
        self.counts: Counter[tuple] = Counter()
        self.values: list[tuple] = []

    def count(self, name, amount=1, /, **labels):
        self.counts[name, *sorted(labels.values())] += amount

    def observe(self, name, _value, /, **labels):
        self.values.append((name, *labels.values()))


def test_failed_block_is_not_timed():
    instruments = RecordedInstruments()
    with pytest.raises(ZeroDivisionError), timed(instruments, "filesure_run_duration_seconds"):
        raise ZeroDivisionError
    with timed(instruments, "filesure_reading_duration_seconds") as labels:
        labels["method"] = "text"
    assert instruments.values == [("filesure_reading_duration_seconds", "text")]


def test_blob_operations_are_counted_by_outcome():
    instruments = RecordedInstruments()
    store = MeasuredBlobStore(MemoryBlobStore(), instruments)
    with pytest.raises(BlobNotFound), store.open("missing"):
        pass
    assert list(store.names("")) == []
    store.delete("missing")
    operation = "filesure_blob_operations_total"
    assert instruments.counts == {
        (operation, "blob_not_found", "open"): 1,
        (operation, "names", "ok"): 1,
        (operation, "delete", "ok"): 1,
    }
