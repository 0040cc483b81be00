"""Metrics: their names, and that none is counted twice or lost."""

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
from jobs.adapters.prometheus import PrometheusInstruments
from jobs.domain import metrics as table
from jobs.domain.errors import BlobNotFound, DatabaseUnavailable
from jobs.domain.metrics import CATALOGUE, Kind, Origin, timed
from worker.metrics import Flusher

DOCS = Path(__file__).resolve().parents[2] / "docs"


class UnsureTotals:
    """Totals whose answers get lost: ``way`` says for each call whether it arrives, and whether it is answered."""

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


@given(
    st.lists(st.one_of(st.integers(1, 5), st.just("flush")), max_size=30),
    st.lists(st.sampled_from(["good", "lost", "unanswered"]), max_size=30),
)
def test_whatever_answers_are_lost_nothing_is_added_twice_and_in_the_end_nothing_is_missing(deeds, ways):
    registry, totals = CollectorRegistry(), UnsureTotals(ways)
    instruments, flusher = PrometheusInstruments("worker", registry), Flusher(registry, lambda: totals)
    counted = 0
    for deed in deeds:
        if deed == "flush":
            done = flusher.flush()
            assert totals.sums["downloaded_bytes_total"] <= counted
            assert not done or totals.sums["downloaded_bytes_total"] == counted
        else:
            instruments.count("downloaded_bytes_total", deed)
            counted += deed
    while not flusher.flush():
        pass
    assert totals.sums["downloaded_bytes_total"] == counted
    assert all(value > 0 for value in totals.sums.values())


def test_a_killed_worker_loses_what_came_after_its_last_flush_and_no_more():
    totals = UnsureTotals([])
    for _ in range(3):  # each is a process of its own
        registry = CollectorRegistry()
        instruments, flusher = PrometheusInstruments("worker", registry), Flusher(registry, lambda: totals)
        instruments.count("runs_total", outcome="advanced")
        flusher.flush()
        instruments.count("runs_total", outcome="failed")  # and here it is killed
    assert totals.sums == {"runs_total?outcome=advanced": 3}


def test_several_threads_may_flush_at_once():
    registry, totals = CollectorRegistry(), UnsureTotals([])
    instruments, flusher = PrometheusInstruments("worker", registry), Flusher(registry, lambda: totals)

    def work():
        for _ in range(200):
            instruments.count("documents_uploaded_total")
            flusher.flush()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals.sums == {"documents_uploaded_total": 800}


def test_an_error_nobody_expected_does_not_reach_the_heartbeat(caplog):
    def broken():
        raise RuntimeError("no")

    registry = CollectorRegistry()
    PrometheusInstruments("worker", registry).count("documents_uploaded_total")
    assert not Flusher(registry, broken).flush()
    assert "metrics.unexpected" in caplog.text


@pytest.mark.parametrize("family", CATALOGUE, ids=lambda family: family.name)
def test_names_follow_the_conventions(family):
    assert re.fullmatch(r"filesure_[a-z]+(_[a-z]+)*", family.full_name)
    assert (family.kind is Kind.COUNTER) == family.name.endswith("_total")
    assert (family.kind is Kind.HISTOGRAM) == bool(family.buckets)
    assert not re.search(r"(_ms|_milliseconds|_minutes|_kb)\b", family.name)
    assert family.about.endswith(".")
    assert all(len(values) == len(family.labels) for values in family.known)
    assert not {"job", "id", "company", "cin", "instance"} & set(family.labels)


def test_no_name_is_given_twice():
    names = [family.full_name for family in CATALOGUE]
    of_workers = [family for family in CATALOGUE if family.origin is Origin.WORKERS]
    names += [family.live_name(component) for family in of_workers for component in ("worker", "web")]
    assert len(set(names)) == len(names)


def test_the_list_of_metrics_is_fresh():
    assert (DOCS / "metrics.md").read_text() == table.page(), "run: make docs/metrics.md"


def test_what_is_not_in_the_table_cannot_be_counted():
    instruments = PrometheusInstruments("web", CollectorRegistry())
    with pytest.raises(KeyError):
        instruments.count("jobs_completed_total")
    with pytest.raises(KeyError):
        instruments.count("runs_total", outcome="failed")  # a worker's


class Told:
    """Instruments that remember."""

    def __init__(self) -> None:
        self.counts: Counter[tuple] = Counter()
        self.values: list[tuple] = []

    def count(self, name, amount=1, /, **labels):
        self.counts[name, *sorted(labels.values())] += amount

    def observe(self, name, _value, /, **labels):
        self.values.append((name, *labels.values()))


def test_a_block_that_fails_is_not_timed():
    told = Told()
    with pytest.raises(ZeroDivisionError), timed(told, "run_duration_seconds"):
        raise ZeroDivisionError
    with timed(told, "document_extraction_duration_seconds") as labels:
        labels["method"] = "pdfium"
    assert told.values == [("document_extraction_duration_seconds", "pdfium")]


def test_blob_operations_are_counted_with_what_became_of_them():
    told = Told()
    store = MeasuredBlobStore(MemoryBlobStore(), told)
    with pytest.raises(BlobNotFound), store.open("missing"):
        pass
    with pytest.raises(BlobNotFound):
        store.properties("missing")
    assert list(store.names("")) == []
    store.delete("missing")
    operation = "blob_operations_total"
    assert told.counts == {
        (operation, "blob_not_found", "open"): 1, (operation, "blob_not_found", "properties"): 1,
        (operation, "names", "ok"): 1, (operation, "delete", "ok"): 1,
    }  # fmt: skip
