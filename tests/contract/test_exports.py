"""Exports: their lists, and workers that stop at any call, in every implementation."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from zipfile import ZipFile

import pytest

from jobs.domain.ending import ended_well
from jobs.domain.errors import LeaseLost
from jobs.domain.export import KEPT, Export, Part, Scope, plan_blob_name
from jobs.domain.job import Job, JobStatus, Progress
from jobs.domain.wrong_use import AlreadyOrdered, ExportExpired, InvalidExport, UnknownExport
from tests.contract.growing_source import COMPANIES
from tests.contract.stepping import Actor, Reply
from tests.contract.stores import LEASE, add, exports_of
from tests.contract.world import STAFF, World, a_world, in_one_thread
from tests.making import a_job, blobs_of

TWO = Progress(total=2)


def an_export(clock, **changes) -> Job:
    export = Export(scope=Scope.ORDER, of="5" * 24, planned=2, size=20, unstored=1)
    return a_job(clock(), **{"priority": -1, "progress": TWO, "export": export, **changes})


def a_part(number: int) -> Part:
    return Part(number=number, blob_name=f"jobs/x/part_{number}.zip", size=9, documents=1, damaged=(number,))


def test_part_is_recorded_with_the_progress(stores, clock):
    job = an_export(clock)
    assert stores.jobs.add_tasks([job]) == {job.id}
    assert stores.jobs.holder(job.unique_key) == job.id
    claimed = stores.jobs.claim_next("w", LEASE)
    export = Export(**{**vars(job.export), "parts": (a_part(1),)})
    stores.jobs.save_export(claimed.lease, export, Progress(total=2, downloaded=1))
    found = stores.jobs.get(job.id)
    assert (found.export, found.progress.downloaded, found.attempts) == (export, 1, 1)
    stores.jobs.cancel(job.id)
    stores.jobs.end(claimed.lease, ended_well(found, Progress(total=2, downloaded=2), clock()))
    assert stores.jobs.get(job.id).export == export
    assert stores.jobs.holder(job.unique_key) is None
    with pytest.raises(LeaseLost):
        stores.jobs.save_export(claimed.lease, export, TWO)


def test_equal_exports_are_built_once_at_a_time(stores, clock):
    first = an_export(clock, cin="L24295GJ1987PLC143792")
    second = an_export(clock, cin=first.cin)
    assert stores.jobs.add_tasks([first]) == {first.id}
    assert stores.jobs.add_tasks([second]) == set()
    stores.jobs.cancel(first.id)
    assert stores.jobs.add_tasks([second]) == {second.id}
    with pytest.raises(AlreadyOrdered):
        stores.jobs.retry(first.id, TWO)
    order = a_job(clock(), cin=first.cin)
    assert stores.jobs.add([order], again=False) == {}
    assert stores.jobs.unfinished([first.cin]) == {first.cin: order.id}


def test_source_that_is_down_holds_no_exports(stores, clock):
    stores.jobs.add_tasks([an_export(clock)])
    clock.advance(1)
    assert stores.jobs.hold_pending(due_before=clock(), until=clock()) == 0


def test_exports_are_listed_apart_from_orders(stores, clock):
    lists = exports_of(stores.jobs)
    add(stores, clock)
    jobs = [an_export(clock, export=Export(scope=Scope.COMPANY, of=of, planned=1, size=1)) for of in "aba"]
    stores.jobs.add_tasks(jobs[:2])
    stores.jobs.cancel(jobs[0].id)
    stores.jobs.add_tasks(jobs[2:])
    page = lists.latest(None, 2)
    assert [job.id for job in page.items] == [jobs[2].id, jobs[1].id]
    assert [job.id for job in lists.latest(page.next, 2).items] == [jobs[0].id]
    assert [job.id for job in lists.of(Scope.COMPANY, "a", 5)] == [jobs[2].id, jobs[0].id]
    assert lists.of(Scope.ORDER, "a", 5) == []
    clock.advance(1)
    assert lists.ended_before(clock(), 5) == [jobs[0].id]


# --- the whole: services, workers and a sweep


@pytest.fixture
def world(stores, clock, monkeypatch) -> World:
    in_one_thread(monkeypatch)
    return a_world(stores, clock)


def ordered(world: World, **changes) -> str:
    """An order whose documents are stored."""
    world.order(world.ports, COMPANIES[0], **changes)
    order = world.ids[-1]
    world.drain()
    return order


def exported(world: World, order: str) -> Job:
    world.export(world.ports, order)
    return world.ports.jobs.get(world.ids[-1])


def content_of(world: World, job: Job) -> tuple[list[str], list[dict]]:
    """The names of all files besides manifests, and the lines of the last manifest."""
    names, found = [], []
    for part in job.export.parts:
        with world.ports.blobs.open(part.blob_name) as blob, ZipFile(blob) as archive:
            names += [name for name in archive.namelist() if not name.startswith("manifest.")]
            found = json.loads(archive.read("manifest.json"))
    return names, found


def test_order_is_packed_in_parts_with_manifests(world):
    order = ordered(world)
    job = exported(world, order)
    world.drain()
    done = world.ports.jobs.get(job.id)
    documents = world.ports.documents.of_job(order)
    names, lines = content_of(world, done)
    assert (done.status, len(done.export.parts)) == (JobStatus.COMPLETED, len(documents))
    assert [line["path"] for line in lines] == names
    assert {line["checksum"] for line in lines} == {each.file.checksum for each in documents}
    assert {line["status"] for line in lines} == {"included"}
    assert world.exporting(world.ports).order(Scope.ORDER, order, documents, STAFF).id != job.id


@pytest.mark.parametrize("fault", [Reply.LOST, Reply.NEVER_SENT, "killed"])
def test_worker_that_stops_at_any_call_loses_and_doubles_nothing(world, clock, numbers, fault):
    order = ordered(world)
    for number in numbers:
        job = exported(world, order)
        actor = Actor(f"w {number}", lambda actor: world.work(world.ports.stepped(actor), actor.name))
        for _ in range(number):
            if actor.call:
                actor.step()
        is_over = actor.call is None
        if not is_over and fault == "killed":
            actor.kill()
        elif not is_over:
            actor.step(fault)
            actor.finish()
        world.assert_always()
        world.drain()
        assert world.ports.jobs.get(job.id).status is JobStatus.COMPLETED
        names, lines = content_of(world, world.ports.jobs.get(job.id))
        assert [line["path"] for line in lines] == names
        world.service(world.ports).delete(job.id, STAFF)
        world.ids.remove(job.id)
        assert blobs_of(world.ports.blobs, job.id) == []
        if is_over:
            return


def test_two_workers_at_once_leave_one_export(world, clock):
    """The first one freezes with a part half written, and wakes up when the second one has finished."""
    job = exported(world, ordered(world))
    first = Actor("first", lambda actor: world.work(world.ports.stepped(actor), actor.name))
    for _ in range(12):
        first.step()
    clock.advance(10 * LEASE)
    world.drain()
    done = world.ports.jobs.get(job.id)
    first.finish()
    assert world.ports.jobs.get(job.id) == done
    world.act(world.ports, "sweep", "")
    world.assert_in_the_end()
    assert done.status is JobStatus.COMPLETED


def test_order_deleted_meanwhile_is_missing_in_the_manifest(world):
    order = ordered(world)
    job = exported(world, order)
    worker = Actor("w", lambda actor: world.work(world.ports.stepped(actor), actor.name))
    while not world.ports.jobs.get(job.id).export.parts:
        worker.step()
    world.service(world.ports).delete(order, STAFF)
    world.ids.remove(order)
    worker.finish()
    world.drain()
    done = world.ports.jobs.get(job.id)
    names, lines = content_of(world, done)
    assert (done.status, len(names)) == (JobStatus.COMPLETED, 1)
    missing = [line for line in lines if line["status"] == "missing"]
    assert len(missing) == len(lines) - 1 == done.export.missing
    assert {line["reason"] for line in missing} == {"The document was deleted before it could be packed."}


def test_export_of_what_is_gone_fails_with_a_sentence(world):
    order = ordered(world)
    job = exported(world, order)
    world.service(world.ports).delete(order, STAFF)
    world.drain()
    found = world.ports.jobs.get(job.id)
    assert (found.status, found.last_error.message) == (JobStatus.FAILED, "None of the documents exists any more.")


def test_copy_of_another_order_is_packed_instead(world):
    """As after a later reading, which gives a document the file of an earlier order."""
    order = ordered(world)
    job = exported(world, order)
    document = world.ports.documents.of_job(order)[0]
    blobs = world.ports.blobs
    moved = replace(document.file, blob_name=f"{document.file.blob_name}.moved")
    blobs._blobs[moved.blob_name] = blobs._blobs.pop(document.file.blob_name)
    lease = replace(world.ports.jobs.get(order).lease, fence=999)
    world.ports.documents.save_stored(lease, document, moved)
    world.work(world.ports, "w")
    assert world.ports.jobs.get(job.id).export.missing == 0


def test_damaged_original_is_marked(world):
    order = ordered(world)
    document = world.ports.documents.of_job(order)[0]
    blobs = world.ports.blobs
    blob, _, fence = blobs._blobs[document.file.blob_name]
    blobs._blobs[document.file.blob_name] = (blob, b"other bytes", fence)
    job = exported(world, order)
    world.drain()
    lines = content_of(world, world.ports.jobs.get(job.id))[1]
    assert [line["status"] for line in lines].count("damaged") == 1


def test_export_expires_after_a_week(world, clock):
    order = ordered(world)
    job = exported(world, order)
    world.drain()
    clock.advance((KEPT - timedelta(minutes=1)).total_seconds())
    world.act(world.ports, "sweep", "")
    assert world.exporting(world.ports).get(job.id)
    clock.advance(61)
    with pytest.raises(ExportExpired):
        world.exporting(world.ports).get(job.id)
    world.act(world.ports, "sweep", "")
    world.ids.remove(job.id)
    assert blobs_of(world.ports.blobs, job.id) == []
    with pytest.raises(UnknownExport):
        world.exporting(world.ports).get(job.id)
    world.assert_in_the_end()


def test_second_request_gets_the_unfinished_export(world):
    order = ordered(world)
    job = exported(world, order)
    documents = world.ports.documents.of_job(order)
    assert world.exporting(world.ports).order(Scope.ORDER, order, documents, STAFF).id == job.id
    world.ids.pop()
    assert len(list(world.ports.blobs.names(plan_blob_name(job.id)))) == 1


def test_order_without_documents_is_refused(world):
    world.order(world.ports, COMPANIES[0])
    with pytest.raises(InvalidExport, match="nothing to pack"):
        world.export(world.ports, world.ids[-1])


def test_no_other_job_is_an_export(world):
    order = ordered(world)
    with pytest.raises(UnknownExport):
        world.exporting(world.ports).get(order)
