"""Fair claiming within a priority: requesters take turns, no matter how many jobs each has ordered.

This is start-time fair queueing (Goyal, Vin, Cheng: "Start-time Fair Queuing", SIGCOMM 1996) over requesters. A
job gets its turn when it is ordered: one more than the queue's current turn or its requester's last turn, whichever
is larger. It keeps that turn for all its runs, so a requester's earliest jobs finish first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.domain.job import Job


def new_turns(jobs: Sequence[Job], current: Callable[[int], int], last: Callable[[int, str], int]) -> dict[str, int]:
    """The turns of new jobs, by id. ``current`` takes a priority; ``last`` takes a priority and a requester."""
    latest: dict[tuple[int, str], int] = {}
    turns = {}
    for job in jobs:
        key = (job.priority, job.requested_by)
        if key not in latest:
            latest[key] = max(current(job.priority), last(*key))
        latest[key] += 1
        turns[job.id] = latest[key]
    return turns


def current_turn(latest: int, held: Collection[int]) -> int:
    """One less than the lowest turn being served.

    ``latest`` is the highest turn of any job started so far; ``held`` contains the turns of the jobs that workers
    hold now. Much older turns among these are retries; counting them would let new orders overtake all others.
    """
    served = [turn for turn in held if turn > latest - len(held)]
    return min(served) - 1 if served else latest
