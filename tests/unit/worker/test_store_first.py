"""The original is stored before it is read, and no reading decides whether it is kept."""

from __future__ import annotations

import json
import threading

import pytest

from jobs.domain.document import attachment_number, folders_of
from jobs.domain.errors import LocalDiskError
from jobs.domain.filings.reading import Field, Method, ReadingState
from jobs.domain.job import JobStatus, Progress, RunOutcome
from tests.making import a_reading, an_attachment
from tests.unit.worker.world import LEASE, TextExtractor
from worker.reading_document import MOST_UNENDED
from worker.stopping import Reason


class Scripted(TextExtractor):
    """Reads with a function of the file's name and the spool."""

    def __init__(self, reading):
        self.reading = reading

    def read(self, path, file_name, *, spool):
        return self.reading(file_name, spool)


def unreadable(file_name, _spool):
    return a_reading("", file_name, state=ReadingState.UNREADABLE, reason="The PDF needs a password.", pages=())


def kill(*_arguments, **_names):
    raise SystemExit


def readings(world):
    return [document.reading for document in world.documents.of_job(world.job.id)]


def test_unreadable_original_is_kept_and_completes(world):
    assert world.run(run_fraction=1, extractor=Scripted(unreadable)) is RunOutcome.COMPLETED
    assert world.now().status is JobStatus.COMPLETED
    assert len(world.stored()) == 10
    assert {(each.state, each.reason) for each in readings(world)} == {("unreadable", "The PDF needs a password.")}


def test_web_page_instead_of_pdf_is_retried(world):
    download, page = world.source.download, [b"<!DOCTYPE html><html><body>Please log in</body></html>"]

    def answer(cin, company_name, filing, attempt):
        return page if (filing.number, attempt) == (1, 1) else download(cin, company_name, filing, attempt)

    world.source.download = answer
    world.run(run_fraction=1)
    document = world.documents.of_job(world.job.id)[0]
    assert (document.status, document.attempts) == ("listed", 1)
    assert document.error.message == "The source sent a web page instead of the document."
    assert world.run(run_fraction=1) is RunOutcome.COMPLETED
    assert world.now().status is JobStatus.COMPLETED


@pytest.mark.parametrize("writes", [["save_reading"], ["save_attachment"], ["save_attachment", "drop_attachments"]])
def test_next_run_reads_what_killed_ones_stored(world, writes):
    def with_attachment(file_name, spool):
        return a_reading("text", file_name, attachments=(an_attachment(spool, b"inside"),))

    world.source.count = 2
    for write in writes:
        job, saved = world.jobs.claim_next("dies", LEASE), getattr(world.documents, write)
        setattr(world.documents, write, kill)
        with pytest.raises(SystemExit):
            world.pipeline(extractor=Scripted(with_attachment), run_fraction=1, concurrency=1).run(job)
        setattr(world.documents, write, saved)
        world.clock.advance(LEASE)
    assert world.run(extractor=Scripted(with_attachment), run_fraction=1) is RunOutcome.COMPLETED
    assert all(reading for reading in readings(world))
    assert [each.parent for each in world.documents.of_job(world.job.id)] == [None, 1, None, 2]
    assert world.now().progress == Progress(total=2, downloaded=2)


def test_file_that_keeps_ending_workers_is_given_up(world):
    world.source.count = 1
    for _ in range(MOST_UNENDED + 1):
        job = world.jobs.claim_next("dies", LEASE)
        with pytest.raises(SystemExit):
            world.pipeline(extractor=Scripted(kill), run_fraction=1).run(job)
        world.clock.advance(LEASE)
    job = world.jobs.claim_next("last", LEASE)
    object.__setattr__(job, "max_attempts", 100)
    assert world.pipeline(extractor=Scripted(kill)).run(job) is RunOutcome.COMPLETED
    (reading,) = readings(world)
    assert (reading.state, reading.reason) == ("unreadable", "Reading it ended the worker 2 times.")


def test_full_disk_leaves_documents_unread(world):
    def full(*_):
        raise LocalDiskError("The disk is full.")

    assert world.run(run_fraction=0.5, extractor=Scripted(full)) is RunOutcome.ADVANCED
    assert readings(world) == [None] * 10
    assert world.run(run_fraction=1) is RunOutcome.COMPLETED
    assert {each.state for each in readings(world)} == {"read"}
    assert {each.unended_readings for each in world.documents.of_job(world.job.id)} == {0}


def test_stop_after_the_last_download_releases(world):
    in_hand = threading.Barrier(4)

    def stopped(file_name, _spool):
        in_hand.wait(10)
        world.stop.request(Reason.ASKED)
        raise LocalDiskError("The reader was killed.")

    world.source.count = 4
    assert world.run(run_fraction=1, extractor=Scripted(stopped)) is RunOutcome.RELEASED
    after = world.now()
    assert (after.status, after.attempts, after.progress) == ("pending", 0, Progress(total=4, downloaded=4))
    assert world.run() is RunOutcome.COMPLETED
    assert all(readings(world))


def test_nested_attachments_become_documents(world):
    def packed(file_name, spool):
        outer = an_attachment(spool, b"outer", "box.zip")
        inner = an_attachment(spool, b"inner", "Category\\deed.pdf")
        last = an_attachment(spool, b"last", "sheet.xlsx")
        outer = a_reading("", outer.name, kind="zip", spooled=outer.spooled, attachments=(inner,), pages=())
        return a_reading("text", file_name, attachments=(outer, last))

    world.source.count = 1
    assert world.run(run_fraction=1, extractor=Scripted(packed)) is RunOutcome.COMPLETED
    parent, *attached = world.documents.of_job(world.job.id)
    assert parent.reading.attachments == 3
    assert [(each.filing.number, each.parent, each.filing.file_name) for each in attached] == [
        (attachment_number(1, 1), 1, "box.zip"),
        (attachment_number(1, 2), attachment_number(1, 1), "Category/deed.pdf"),
        (attachment_number(1, 3), 1, "sheet.xlsx"),
    ]
    assert [world.blobs.open(each.file.blob_name).read() for each in attached] == [b"outer", b"inner", b"last"]
    assert attached[1].file.blob_name == folders_of(world.job.id)[0] + "document_1_attachment_2.pdf"
    assert world.now().progress == Progress(total=1, downloaded=1)


def test_later_reading_drops_vanished_attachments(world):
    def number(count):
        def reading(file_name, spool):
            inside = tuple(an_attachment(spool, b"x", f"{at}.pdf") for at in range(count))
            return a_reading("text", file_name, attachments=inside)

        return Scripted(reading)

    world.source.count = 1
    world.run(run_fraction=1, extractor=number(3))
    parent = world.documents.of_job(world.job.id)[0]
    world.documents.drop_attachments(world.now().lease, parent, 1)
    assert len(world.documents.of_job(world.job.id)) == 4, "an earlier fence may not remove them"


def test_record_is_stored_beside_the_text(world):
    def form(file_name, _spool):
        cin = {"path": "ZMCA_NCA_ADT_1/CIN", "value": "L24295GJ1987PLC143792", "shown": "L24295GJ1987PLC143792"}
        return a_reading("text", file_name, fields=(Field(name="CIN", kind="text", method=Method.XFA, **cin),))

    world.source.count = 1
    world.run(run_fraction=1, extractor=Scripted(form))
    (document,) = world.documents.of_job(world.job.id)
    reading = document.reading
    assert reading.record_blob_name == folders_of(world.job.id)[0] + "document_1.record.json"
    record = json.loads(world.blobs.open(reading.record_blob_name).read())
    assert (reading.facts.form, reading.version, record["form"]) == ("ADT-1", record["readerVersion"], "ADT-1")
    assert reading.facts.cin == record["values"]["cin"]["value"] == "L24295GJ1987PLC143792"
