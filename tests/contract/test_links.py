"""Each filing of a company is stored once: later orders link to it, and the last one to need it removes it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.domain.document import DocumentStatus
from jobs.domain.export import Export, Scope
from jobs.domain.job import Job
from jobs.domain.rereading import Reread
from jobs.services.releasing import freed_by
from tests.contract.growing_source import COMPANIES
from tests.contract.links import CIN, act, assert_sound, documents, frozen, names, ordered
from tests.contract.world import LEASE, World, a_world, in_one_thread

NAMES = ["AOC-4_1.pdf", "MGT-7_2.pdf", "ADT-1_3.pdf"]


@pytest.fixture
def world(stores, clock, monkeypatch) -> World:
    in_one_thread(monkeypatch)
    return a_world(stores, clock)


def test_second_order_downloads_only_what_it_cannot_recognise(world):
    first = ordered(world)
    stored, world.source.downloads = names(world), []
    world.source.files(CIN)
    second = ordered(world)
    assert world.source.downloads == ["DIR-12_4.pdf", "MGT-7_2.pdf"]
    assert {each.filing.file_name: each.stored_with for each in documents(world, second)} == {
        **dict.fromkeys([*NAMES, "inside.pdf"], first),
        "DIR-12_4.pdf": None,
    }
    assert {name for name in names(world) - stored if "document_1." not in name} == set()
    assert_sound(world)


def test_link_takes_over_reading_and_attachments(world):
    one, other = (documents(world, ordered(world)) for _ in range(2))
    assert [(each.filing, each.parent) for each in one] == [(each.filing, each.parent) for each in other]
    assert [each.blob_names for each in one] == [each.blob_names for each in other]


def test_fresh_order_downloads_everything_and_stores_no_second_copy(world):
    ordered(world)
    stored, world.source.downloads = names(world), []
    ordered(world, fresh=True)
    assert sorted(world.source.downloads) == sorted(NAMES)
    assert names(world) == stored


def test_missing_blob_is_downloaded(world):
    first = ordered(world)
    lost = documents(world, first)[0].file
    world.ports.blobs.delete(lost.blob_name)
    second = ordered(world)
    assert documents(world, second)[0].stored_with is None


def test_filings_listed_alike_are_downloaded(world):
    world.source.names[CIN] = ["AOC-4_1.pdf", "AOC-4_1.pdf"]
    ordered(world)
    world.source.downloads = []
    ordered(world)
    assert world.source.downloads == ["AOC-4_1.pdf", "AOC-4_1.pdf"]


def test_other_company_shares_nothing(world):
    first = ordered(world)
    document = documents(world, first)[0]
    other = replace(document, id="", cin=COMPANIES[1], job_id="0" * 24)
    assert world.ports.documents.of_filing(other) is None
    assert world.ports.documents.with_content(COMPANIES[1], document.file.checksum) is None


# --- deleting


@pytest.mark.parametrize("reverse", [False, True])
def test_last_of_three_orders_removes_the_blobs(world, reverse):
    ids = [ordered(world) for _ in range(3)]
    stored = names(world)
    for job_id in sorted(ids, reverse=reverse)[:2]:
        act(world, "delete", job_id)
        assert names(world) == stored
        world.assert_always()
    act(world, "delete", sorted(ids, reverse=reverse)[2])
    assert names(world) == set()


def test_new_order_links_to_a_deleted_orders_blobs(world):
    first, second = ordered(world), ordered(world)
    act(world, "delete", first)
    third = ordered(world)
    act(world, "delete", second)
    assert {each.stored_with for each in documents(world, third)} == {first}
    assert_sound(world)
    act(world, "delete", third)
    assert names(world) == set()


def test_reserved_blob_is_spared(world, clock):
    """Also what was read from it, which its linker is about to take over."""
    first = ordered(world)
    stored = names(world)
    world.order(world.ports, CIN)
    job = world.ports.jobs.claim_next("linker", LEASE)
    world.ports.documents.add(job.lease, job, world.source.filings(CIN, ""))
    reserve(world, job, first)
    act(world, "delete", first)
    act(world, "sweep", "")
    assert names(world) == stored
    assert {each.status for each in documents(world, job.id)} == {DocumentStatus.LISTED}
    for each in documents(world, job.id):
        world.ports.documents.reserve(job.lease, each, None)
    act(world, "sweep", "")
    assert names(world) == set()


def reserve(world: World, job: Job, lender: str) -> None:
    for each in documents(world, lender):
        if each.parent is None:
            world.ports.documents.reserve(job.lease, world.ports.documents.get(job.id, each.filing.number), each.file)
    assert [each.reserved for each in documents(world, job.id)] == [
        each.file for each in documents(world, lender) if each.parent is None
    ]


def others(world: World, verb: str, first: str, second: str) -> None:
    """What happens while the linker is frozen."""
    match verb:
        case "delete the lender":
            act(world, "delete", first)
        case "delete the lender and sweep":
            act(world, "delete", first)
            act(world, "sweep", "")
        case "read the lender again":
            world.reread(world.ports)
            world.drain()
            act(world, "sweep", "")
        case "delete the linker":
            world.clock.advance(2 * LEASE)
            act(world, "cancel", second)
            act(world, "delete", second)
        case "delete both":
            world.clock.advance(2 * LEASE)
            act(world, "cancel", second)
            act(world, "delete", first)
            act(world, "delete", second)
        case "take over":
            world.clock.advance(2 * LEASE)
            world.drain()
            act(world, "delete", first)


VERBS = [
    "delete the lender",
    "delete the lender and sweep",
    "read the lender again",
    "delete the linker",
    "delete both",
    "take over",
]


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("verb", VERBS)
def test_linker_that_stops_at_any_call_breaks_nothing(world, verb, killed, numbers):
    for number in numbers:
        first = ordered(world)
        world.order(world.ports, CIN)
        linker = frozen(world, number, lambda actor: world.work(world.ports.stepped(actor), actor.name))
        if linker.call is None:
            return
        others(world, verb, first, world.ids[-1])
        world.assert_always()
        (linker.kill if killed else linker.finish)()
        world.assert_always()
        assert_sound(world)
        for job in world.jobs():
            act(world, "delete", job.id)
        act(world, "sweep", "")
        assert names(world) == set()


@pytest.mark.parametrize("verb", ["link", "delete", "sweep"])
def test_deletion_that_stops_at_any_call_breaks_nothing(world, verb, numbers):
    for number in numbers:
        first, second = ordered(world), ordered(world)
        deletion = frozen(world, number, lambda actor, id_=first: world.act(world.ports.stepped(actor), "delete", id_))
        if deletion.call is None:
            return
        if verb == "link":
            world.order(world.ports, CIN)
            world.drain()
        else:
            act(world, verb, second)
        world.assert_always()
        deletion.finish()
        assert_sound(world)
        for job in world.jobs():
            act(world, "delete", job.id)
        assert names(world) == set(), verb


def test_link_and_deletion_that_both_stop_break_nothing(world, numbers):
    """The linker has found its lender and not referred to its file yet; the deletion may have looked for references."""
    for number in numbers:
        first = ordered(world)
        world.order(world.ports, CIN)
        linker = frozen(world, 1, lambda actor: world.work(world.ports.stepped(actor), actor.name))
        while linker.call != "reserve":
            linker.step()
        deletion = frozen(world, number, lambda actor, id_=first: world.act(world.ports.stepped(actor), "delete", id_))
        if deletion.call is None:
            return
        linker.step()
        linker.step()
        deletion.finish()
        linker.finish()
        assert_sound(world)
        for job in world.jobs():
            act(world, "delete", job.id)
        assert names(world) == set()


# --- the bytes that a deletion frees


def freed(world: World, job_id: str) -> int:
    return freed_by(world.ports.jobs.get(job_id), world.ports.jobs, world.ports.documents)


@pytest.mark.parametrize("reverse", [False, True])
def test_deletions_free_each_file_once(world, reverse):
    """Whichever order is deleted first, the files are freed with the last one."""
    orders = [ordered(world), ordered(world)]
    stored = sum(world.ports.jobs.get(job_id).bytes_stored for job_id in orders)
    first, last = reversed(orders) if reverse else orders
    shared = sum(each.file.size for each in documents(world, last) if each.stored_with == first and not each.parent)
    own = world.ports.jobs.get(first).bytes_stored
    assert freed(world, first) == own - shared
    assert bool(shared) is not reverse
    total = freed(world, first)
    act(world, "delete", first)
    total += freed(world, last)
    assert total == stored > 0


def test_deletions_at_the_same_time_free_each_file_once(world, numbers, monkeypatch):
    """One stops at any call, another at any call, and the second or a third process continues."""
    recorded: dict[str, int] = {}
    record = type(world.ports.jobs).record_freed

    def noted(self, job_id: str, freed: int) -> None:
        if self.counting([job_id]):
            recorded[job_id] = freed
        record(self, job_id, freed)

    monkeypatch.setattr(type(world.ports.jobs), "record_freed", noted)
    for number in numbers:
        for other in (1, 2, 3, 4, 5, number):
            orders = [ordered(world), ordered(world)]
            stored = sum(world.ports.jobs.get(job_id).bytes_stored for job_id in orders)
            deletions = [
                frozen(world, at, lambda actor, id_=id_: world.act(world.ports.stepped(actor), "delete", id_))
                for at, id_ in zip((number, other), orders, strict=True)
            ]
            ended = deletions[0].call is None
            deletions[1].finish()
            deletions[0].kill() if other == 1 else deletions[0].finish()
            world.act(world.ports, "sweep", "")
            for id_ in orders:
                act(world, "delete", id_)
            assert sum(recorded[id_] for id_ in orders) == stored > 0
            assert names(world) == set()
        if ended:
            return


@pytest.mark.parametrize(
    "task",
    [{"reread": Reread(job_id="0" * 24)}, {"export": Export(scope=Scope.ORDER, of="0" * 24, planned=1, size=9)}],
    ids=["reread", "export"],
)
def test_deletion_of_a_task_frees_no_bytes_of_orders(world, task):
    """The bytes that an export stores are never counted as stored."""
    job = replace(world.ports.jobs.get(ordered(world)), **task)
    assert job.bytes_stored > 0
    assert freed_by(job, world.ports.jobs, world.ports.documents) == 0
