"""The outbox in memory."""

from __future__ import annotations

from datetime import datetime

from jobs.adapters.memory.deliveries import MemoryEndpointRepository
from jobs.adapters.memory.jobs import MemoryJobRepository
from jobs.adapters.memory.order_lists import MemoryOrderListRepository
from jobs.domain.events import EndedList, next_end, order_events, plain_event
from jobs.domain.job import UNFINISHED, VISIBLE, JobStatus
from jobs.ports.notifications import Outgoing


class MemoryOutbox:
    """``jobs.ports.Outbox`` over the repositories of jobs and lists."""

    def __init__(
        self,
        jobs: MemoryJobRepository,
        lists: MemoryOrderListRepository,
        endpoints: MemoryEndpointRepository | None = None,
    ) -> None:
        self._jobs, self._lists = jobs, lists
        self._endpoint_notes = endpoints.notes if endpoints else {}
        self._announced: dict[str, EndedList] = {}

    def waiting(self, limit: int) -> list[Outgoing]:
        """A deleted job's notes stay with the others."""
        found = []
        for job, notes in list(self._jobs.notes.values())[:limit]:
            events, list_id = order_events(job, notes), job.list_id if job.is_order else None
            found.append(
                Outgoing(collection="jobs", record_id=job.id, notes=len(notes), events=events, list_id=list_id)
            )
        lists = list(self._lists.marked)[:limit]
        found += [Outgoing(collection="lists", record_id=each, notes=1, list_id=each) for each in lists]
        for each, notes in list(self._endpoint_notes.items())[:limit]:
            events = tuple(plain_event(each, note) for note in notes)
            found.append(Outgoing(collection="endpoints", record_id=each, notes=len(notes), events=events))
        return found

    def oldest(self) -> datetime | None:
        noted = [notes[0].at for _, notes in self._jobs.notes.values()]
        return min(
            [*noted, *(done for each in self._lists.marked if (done := self._lists.get(each).done_at))], default=None
        )

    def remove(self, outgoing: Outgoing) -> None:
        if outgoing.collection == "lists":
            self._lists.marked.discard(outgoing.record_id)
            return
        if outgoing.collection == "endpoints":
            self._endpoint_notes.pop(outgoing.record_id, None)
            return
        _, notes = self._jobs.notes.get(outgoing.record_id, (None, []))
        if len(notes) == outgoing.notes:
            self._jobs.notes.pop(outgoing.record_id, None)

    def ended_list(self, list_id: str) -> EndedList | None:
        jobs = [job for job in self._jobs.newest_first() if job.list_id == list_id]
        made = self._lists.get(list_id)
        if made.done_at is None or any(job.status in UNFINISHED for job in jobs):
            return None
        last = max([made.done_at, *(job.completed_at for job in jobs if job.completed_at)])
        notes = sum(self._jobs.noted[job.id] for job in jobs)
        announced = self._announced.get(list_id)
        at = next_end(last, announced.at, notes, announced.notes) if announced else last
        if at is None:
            return None
        shown = [job.status for job in jobs if job.status is not JobStatus.DELETING]
        states: dict[JobStatus, int] = {status: shown.count(status) for status in VISIBLE}
        return EndedList(
            id=list_id,
            name=made.name,
            by=made.by,
            refused=made.refused,
            states=states,
            at=at,
            notes=notes,
            wishes=made.wishes,
        )

    def announce(self, ended: EndedList) -> None:
        self._announced[ended.id] = ended
