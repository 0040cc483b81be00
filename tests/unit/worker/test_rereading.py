"""Stored documents are read again by jobs of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.adapters.memory import MemoryAuditLog
from jobs.domain.errors import LeaseLost, LocalDiskError
from jobs.domain.filings.reading import READER_VERSION, ReadingState
from jobs.domain.job import JobStatus, Progress, RunOutcome
from jobs.domain.rereading import Reread
from jobs.services import JobService, RereadService, Sweep
from tests.conftest import FakeClock
from tests.making import a_reading, an_attachment
from tests.unit.worker.world import LEASE, TextExtractor, World


class Scripted(TextExtractor):
    def __init__(self, reading):
        self.reading = reading

    def read(self, path, file_name, *, spool):
        return self.reading(file_name, spool)


def better(file_name, spool):
    return a_reading("much more text", file_name, attachments=(an_attachment(spool, b"inside"),))


def nothing(file_name, _spool):
    return a_reading("", file_name, state=ReadingState.UNREADABLE, reason="The PDF is damaged.", pages=())


def dies(*_):
    raise SystemExit


def full(*_):
    raise LocalDiskError("The disk is full.")


@pytest.fixture
def old(clock) -> World:
    """A completed job whose four documents were read by an earlier reader."""
    world = World(clock)
    world.source.count = 4
    assert world.run(run_fraction=1) is RunOutcome.COMPLETED
    for document in world.documents.of_job(world.job.id):
        key = (document.job_id, document.filing.number)
        reading = replace(document.reading, version=READER_VERSION - 1)
        world.documents._rows[key] = (replace(document, reading=reading), world.documents._rows[key][1])
    clock.advance(10)
    return world


def order(world, **changes):
    service = RereadService(
        jobs=world.jobs,
        documents=world.documents,
        clock=world.clock,
        new_id=iter(f"{number:024x}" for number in range(1, 9)).__next__,
        max_attempts=3,
    )
    wanted = Reread(**{"job_id": "", "below": READER_VERSION, **changes})
    return list(service.order(wanted, cin=None, requested_by="tests", preview=False))


def readings(world):
    return [each.reading for each in world.documents.of_job(world.job.id) if each.parent is None]


def drain(world, **options):
    outcomes = []
    while (job := world.jobs.claim_next("w", LEASE)) and len(outcomes) < 9:
        outcomes.append(world.pipeline(**options).run(job))
        world.clock.advance(1)
    return outcomes


def test_all_documents_get_the_better_reading(old):
    (ordered,) = order(old)
    before = old.now()
    assert drain(old, extractor=Scripted(better)) == [RunOutcome.ADVANCED, RunOutcome.COMPLETED]
    assert {(each.version, each.characters) for each in readings(old)} == {(READER_VERSION, 14)}
    assert len(old.documents.attachments(old.job.id, 1)) == 1
    job = old.jobs.get(ordered.job_id)
    assert (job.status, job.progress, job.priority) == ("completed", Progress(total=4, downloaded=4), -1)
    assert replace(old.now(), fence=before.fence) == before
    assert len(old.source.asked) == 4
    assert order(old) == []


def test_worse_reading_replaces_nothing(old):
    before = readings(old)
    order(old)
    assert drain(old, extractor=Scripted(nothing), run_fraction=1) == [RunOutcome.COMPLETED]
    for earlier, now in zip(before, readings(old), strict=True):
        confirmed = replace(earlier, version=READER_VERSION, kept_from=READER_VERSION - 1, at=now.at)
        assert now == confirmed
        with old.blobs.open(now.text_blob_name) as text:
            assert text.read().startswith(b"document")
    assert order(old) == []


def test_killed_worker_continues_where_it_stopped(old):
    (ordered,) = order(old)
    seen = []

    def dies_at_the_second(file_name, spool):
        seen.append(file_name)
        return better(file_name, spool) if len(seen) == 1 else dies()

    job = old.jobs.claim_next("dies", LEASE)
    pipeline = old.pipeline(extractor=Scripted(dies_at_the_second), run_fraction=1, concurrency=1)
    with pytest.raises(SystemExit):
        pipeline.run(job)
    old.clock.advance(LEASE + 1)
    assert drain(old, extractor=Scripted(better), run_fraction=1) == [RunOutcome.COMPLETED]
    assert {each.version for each in readings(old)} == {READER_VERSION}
    assert {each.unended_readings for each in old.documents.of_job(old.job.id)} == {0}
    assert old.jobs.get(ordered.job_id).progress.pending == 0


def test_file_that_ends_workers_keeps_its_reading(old):
    before = readings(old)
    (ordered,) = order(old)
    deaths = 0
    while job := old.jobs.claim_next("dies", LEASE):
        try:
            old.pipeline(extractor=Scripted(dies), run_fraction=1).run(job)
        except SystemExit:  # the first file ended it, perhaps before the others were begun
            deaths += 1
        old.clock.advance(LEASE + 1)
    assert old.jobs.get(ordered.job_id).status is JobStatus.COMPLETED
    assert deaths >= 2
    assert [each.characters for each in readings(old)] == [each.characters for each in before]


def test_second_order_meanwhile_is_refused(old):
    (first,) = order(old)
    (second,) = order(old)
    assert (first.documents, second.job_id) == (4, None)


def test_deleted_job_leaves_nothing_to_read(old):
    (ordered,) = order(old)
    old.jobs.begin_deletion(old.job.id)
    old.documents.delete_of_job(old.job.id)
    old.jobs.delete(old.job.id)
    assert drain(old) == [RunOutcome.COMPLETED]
    assert old.jobs.get(ordered.job_id).status is JobStatus.COMPLETED
    assert old.documents.of_job(old.job.id) == []


def test_job_deleted_during_the_reading_leaves_no_rows(old):
    (ordered,) = order(old)

    def deleted_meanwhile(file_name, spool):
        old.documents.delete_of_job(old.job.id)
        old.jobs.begin_deletion(old.job.id)
        old.jobs.delete(old.job.id)
        return better(file_name, spool)

    old.run(extractor=Scripted(deleted_meanwhile), run_fraction=1, concurrency=1)
    assert old.documents.of_job(old.job.id) == []
    waiting = old.jobs.get(ordered.job_id)
    assert (waiting.status, waiting.attempts, waiting.last_error.kind) == ("pending", 0, "documents_in_use")
    old.clock.advance(61)
    assert drain(old) == [RunOutcome.COMPLETED]


def test_disk_that_stays_full_ends_in_failure(old):
    (ordered,) = order(old)
    for _ in range(3):
        assert old.run(extractor=Scripted(full), run_fraction=1) is RunOutcome.FAILED
        old.clock.advance(1000)
    job = old.jobs.get(ordered.job_id)
    assert (job.status, job.last_error.message) == ("failed", "No document could be read. See the worker's log.")
    assert {each.version for each in readings(old)} == {READER_VERSION - 1}


def test_missing_original_keeps_its_reading(old):
    order(old)
    first = old.documents.get(old.job.id, 1)
    old.blobs.delete(first.file.blob_name)
    assert drain(old, extractor=Scripted(better), run_fraction=1) == [RunOutcome.COMPLETED]
    assert readings(old)[0].kept_from == READER_VERSION - 1
    assert readings(old)[1].characters == 14


def test_superseded_reader_changes_nothing(old):
    order(old)
    job = old.jobs.claim_next("slow", LEASE)

    def taken_over(file_name, _spool):
        old.clock.advance(LEASE + 1)
        assert drain(old, extractor=Scripted(better), run_fraction=1) == [RunOutcome.COMPLETED]
        return a_reading("something else entirely", file_name)

    pipeline = old.pipeline(extractor=Scripted(taken_over), run_fraction=0.25)
    with pytest.raises(LeaseLost):
        pipeline.run(job)
    assert {each.characters for each in readings(old)} == {14}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"form": "AOC-4"}, 4),
        ({"form": "MGT-7"}, 0),
        ({"stored_since": FakeClock()()}, 4),
        ({"below": READER_VERSION - 1}, 0),
        ({"below": None}, 4),
    ],
)
def test_options_select_documents(old, changes, found):
    assert sum(each.documents for each in order(old, **changes)) == found


def test_sweep_spares_what_is_being_read(old):
    ordering, save = order(old), old.documents.save_reading
    service = JobService(
        jobs=old.jobs,
        documents=old.documents,
        runs=old.runs,
        audit=MemoryAuditLog(),
        blobs=lambda: old.blobs,
        clock=old.clock,
        new_id=str,
        max_attempts=3,
    )
    sweep = Sweep(service=service, jobs=old.jobs, documents=old.documents, runs=old.runs, blobs=old.blobs)

    def swept_first(*arguments):
        sweep.sweep()
        save(*arguments)

    old.documents.save_reading = swept_first
    assert drain(old, extractor=Scripted(better), run_fraction=1) == [RunOutcome.COMPLETED]
    sweep.sweep()
    names = {name for each in old.documents.of_job(old.job.id) for name in each.blob_names}
    assert set(old.blobs.names("jobs/")) == names
    assert ordering
