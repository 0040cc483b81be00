"""A worker does not download or read what another order of the company has stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from jobs.domain.errors import DocumentUnavailable
from jobs.domain.filings.reading import READER_VERSION, ReadingState
from jobs.domain.job import RunOutcome
from tests.making import a_job, a_reading
from tests.unit.worker.world import TextExtractor, World


class Counting(TextExtractor):
    def __init__(self) -> None:
        self.reads = 0

    def read(self, path, file_name, *, spool):
        self.reads += 1
        return a_reading(path.read_text(), file_name)


@pytest.fixture
def second(world, monkeypatch) -> World:
    """The world with a completed order and another one of the same company, and its counters."""
    world.counted = Counter()
    assert world.run(run_fraction=1) is RunOutcome.COMPLETED
    world.source.asked.clear()
    world.first, world.job = world.job, a_job(world.clock(), cin=world.job.cin)
    world.jobs.add([world.job], again=False)
    return world


def run(world, extractor=None):
    pipeline = world.pipeline(run_fraction=1, extractor=extractor)
    pipeline.instruments = _Counter(world.counted)
    assert pipeline.run(world.jobs.claim_next("w", 60)) is RunOutcome.COMPLETED
    (done,) = world.runs.of_job(world.job.id)
    return done


class _Counter:
    def __init__(self, counted: Counter) -> None:
        self._counted = counted

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        self._counted[name, *labels.values()] += amount

    def observe(self, name: str, value: float, **labels: str) -> None:
        pass


def test_linked_documents_are_counted_apart(second):
    done = run(second)
    assert second.source.asked == []
    assert second.counted["filesure_documents_linked_total", "filing"] == 10
    assert second.counted["filesure_documents_downloaded_total",] == 0
    assert (done.documents, done.bytes) == (10, 0)


def test_downloaded_duplicates_are_not_uploaded(second):
    second.jobs._jobs[second.job.id] = replace(second.job, fresh=True)
    done = run(second)
    assert len(second.source.asked) == 10
    assert second.counted["filesure_documents_linked_total", "content"] == 10
    assert second.counted["filesure_documents_uploaded_total",] == 0
    assert (done.documents, done.bytes) == (10, 0)


def test_changed_file_is_stored_by_a_fresh_order_only(second):
    def changed(*_):
        yield b"corrected"

    second.source.download = changed
    run(second)
    assert {each.stored_with for each in second.documents.of_job(second.job.id)} == {second.first.id}
    second.job = replace(a_job(second.clock(), cin=second.job.cin), fresh=True)
    second.jobs.add([second.job], again=False)
    run(second)
    assert second.documents.of_job(second.job.id)[0].stored_with is None


@pytest.mark.parametrize(
    ("changes", "reads"),
    [({}, 0), ({"version": READER_VERSION - 1}, 10), ({"state": ReadingState.NEEDS_OCR}, 10)],
)
def test_outdated_reading_is_not_taken_over(second, changes, reads):
    for document in second.documents.of_job(second.first.id):
        key = (document.job_id, document.filing.number)
        reading = replace(document.reading, **changes)
        second.documents._rows[key] = (replace(document, reading=reading), second.documents._rows[key][1])
    extractor = Counting()
    run(second, extractor)
    assert extractor.reads == reads
    assert all(each.reading.version == READER_VERSION for each in second.documents.of_job(second.job.id))
    assert second.source.asked == []


def test_source_that_is_down_does_not_matter_for_stored_filings(second):
    def down(*_):
        raise DocumentUnavailable("The source is down.")

    second.source.meet = down
    run(second)
