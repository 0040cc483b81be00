"""Watches among orders, failures, retries and pauses in any order: each filing is announced once, to each owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from jobs.domain.audit import Actor as Person
from jobs.domain.errors import FilesureError, SourceUnavailable
from jobs.domain.job import JobStatus
from jobs.domain.watching import Interval, Watch
from tests.conftest import FakeClock
from tests.contract.growing_source import COMPANIES
from tests.contract.machines import Concurrent, run_machine
from tests.contract.stepping import Actor, Reply
from tests.contract.watched import Watched
from tests.contract.world import STAFF, in_one_thread

PEOPLE = ("asha", "ravi")
MOST = 2
cins, people, which = st.sampled_from(COMPANIES), st.sampled_from(PEOPLE), st.integers(0, 1000)


def down(*_: object) -> None:
    raise SourceUnavailable("The portal is gone.")


class Watching(Concurrent):
    """``known``: the filings of its company that a watch must not announce, since they were listed before it began."""

    def __init__(self) -> None:
        super().__init__()
        self.watched = Watched(FakeClock())
        self.world = self.watched.world
        self.listing = self.world.source.filings
        self.known: dict[str, set[str]] = {}

    @initialize()
    def companies_are_watched(self) -> None:
        """Each also has an order that failed before, and that staff may retry."""
        for cin in COMPANIES:
            self.staff_order(cin, is_down=True, is_run=True)
            self.watch(cin, PEOPLE[0], Interval.DAILY)

    # --- the source and the orders of staff

    @rule(cin=cins)
    def filing_appears(self, cin: str) -> None:
        self.world.source.files(cin)

    @rule(cin=cins, is_down=st.booleans(), is_run=st.booleans())
    def staff_order(self, cin: str, is_down: bool, is_run: bool) -> None:
        self._later()
        with suppress(FilesureError):
            self.world.order(self.world.ports, cin)
        if is_run:
            self._work(is_down=is_down)

    @rule(which=which, is_down=st.sampled_from([False, False, True]))
    def staff_retry(self, which: int, is_down: bool) -> None:
        self._later()
        if failed := [job for job in self.world.jobs() if job.status is JobStatus.FAILED]:
            with suppress(FilesureError):
                self.world.act(self.world.ports, "retry", failed[which % len(failed)].id)
            self._work(is_down=is_down)

    def _work(self, *, is_down: bool) -> None:
        """All orders run, while the source is up or down."""
        self._later()
        self.world.source.filings = down if is_down else self.listing  # type: ignore[method-assign]
        self.world.drain()
        self.world.source.filings = self.listing  # type: ignore[method-assign]
        self._later()

    def _later(self) -> None:
        """Two things never happen in the same millisecond."""
        self.watched.pass_time(timedelta(seconds=1))

    # --- owners

    @precondition(lambda self: not self.world.ports.jobs.has_unfinished())
    @rule(cin=cins, by=people, interval=st.sampled_from(Interval))
    def watch(self, cin: str, by: str, interval: Interval) -> None:
        """Begin to watch, or change the interval."""
        self._later()
        made = self.watched.service().watch(cin, interval, Person(name=by))
        self.known.setdefault(made.id, {each.filing.file_name for each in self.watched.documents.listed(cin)})

    @precondition(lambda self: self.known)
    @rule(which=which, paused=st.booleans())
    def watch_is_paused_or_resumed(self, which: int, paused: bool) -> None:
        watch = self._watches()[which % len(self.known)]
        service = self.watched.service()
        service.pause(watch, "", STAFF) if paused else service.resume(watch, STAFF)

    def _watches(self) -> list[Watch]:
        return [self.watched.watches.get(each) for each in sorted(self.known)]

    # --- the command

    @precondition(lambda self: len(self.alive()) < MOST)
    @rule()
    def runner_starts(self) -> None:
        step: Callable[[Actor], object] = lambda actor: self.watched.service(actor).step()  # noqa: E731
        self.actors.append(Actor(f"runner {len(self.actors)}", step))

    @precondition(lambda self: self.alive())
    @rule(which=which, count=st.sampled_from([1, 2, 3, 5, 8, 1000]))
    def runner_goes_on(self, which: int, count: int) -> None:
        self.take_steps(self.one(which), count)

    @precondition(lambda self: self.alive())
    @rule(which=which, what=st.sampled_from([Reply.LOST, Reply.NEVER_SENT, None]))
    def runner_is_disturbed(self, which: int, what: Reply | None) -> None:
        self.disturb(self.one(which), what)

    @rule(days=st.sampled_from([1, 7, 30]), is_recorded=st.booleans())
    def companies_are_checked(self, days: int, is_recorded: bool) -> None:
        self.watched.pass_time(timedelta(days=days))
        self.watched.service().step()
        self._work(is_down=False)
        if is_recorded:
            self.watched.service().step()

    # --- what holds

    def _announced(self) -> Counter[tuple[str, str]]:
        notes = self.watched.watches.notes
        return Counter((watch, each["fileName"]) for watch, note in notes for each in note.data["filings"])

    @invariant()
    def nothing_is_announced_twice_or_was_known(self) -> None:
        announced = self._announced()
        assert max(announced.values(), default=1) == 1
        assert not any(name in self.known[watch] for watch, name in announced)

    def teardown(self) -> None:
        for actor in self.actors:
            actor.kill()
        for watch in self._watches():
            self.watched.service().resume(watch, STAFF)
        for _ in range(3):
            self.companies_are_checked(31, is_recorded=True)
        filed = {watch.id: self.world.source.names[watch.cin] for watch in self._watches()}
        missed = {(watch, name) for watch, names in filed.items() for name in names if name not in self.known[watch]}
        assert self._announced() == dict.fromkeys(missed, 1)


def test_each_filing_is_announced_once_whatever_happens(monkeypatch):
    in_one_thread(monkeypatch)
    run_machine(Watching, 60, 40, derandomize=True)
