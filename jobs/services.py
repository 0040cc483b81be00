"""What people can ask of the queue: order, look, cancel, retry.

Each use case is one function of a small object that holds the ports it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.domain.cin import parse_cin
from jobs.domain.document import Document
from jobs.domain.errors import AlreadyOrdered, FilesureError, InvalidOrder
from jobs.domain.job import PRIORITIES, TRANSITIONS, Job, Run, Transition
from jobs.ports import Clock, DocumentRepository, JobRepository, RunRepository

LONGEST_NAME = 200


@dataclass(frozen=True, kw_only=True)
class Order:
    """What somebody asks for, not yet checked."""

    cin: str
    company_name: str
    priority: int | str = 0


@dataclass(frozen=True, kw_only=True)
class JobDetails:
    """One job with all that belongs to it."""

    job: Job
    runs: list[Run]
    documents: list[Document]


@dataclass(frozen=True, kw_only=True)
class JobService:
    """The use cases of the people who order.

    ``new_id`` makes ids for jobs, unique and in the order of their making.
    """

    jobs: JobRepository
    documents: DocumentRepository
    runs: RunRepository
    clock: Clock
    new_id: Callable[[], str]
    max_attempts: int

    def order(
        self,
        orders: Sequence[Order],
        *,
        requested_by: str,
        again: bool = False,
        allow_unknown_codes: bool = False,
        dry_run: bool = False,
    ) -> list[Job | FilesureError]:
        """Order each: the new job, or why not, in the order given.

        One that is refused (InvalidCin, InvalidOrder, AlreadyOrdered) does not stop the others.
        A dry run checks the same and stores nothing.
        """
        now = self.clock()
        checked = [self._checked(order, requested_by, allow_unknown_codes, now) for order in orders]
        results = checked if again else _without_repeats(checked)
        wanted = [result for result in results if isinstance(result, Job)]
        refused = self._store(wanted, again=again, dry_run=dry_run) if wanted else {}
        return [
            AlreadyOrdered(result.cin, refused[result.cin])
            if isinstance(result, Job | AlreadyOrdered) and result.cin in refused
            else result
            for result in results
        ]

    def _store(self, wanted: Sequence[Job], *, again: bool, dry_run: bool) -> Mapping[str, str]:
        if not dry_run:
            return self.jobs.add(wanted, again=again)
        return {} if again else self.jobs.unfinished({job.cin for job in wanted})

    def _checked(
        self, order: Order, requested_by: str, allow_unknown_codes: bool, now: datetime
    ) -> Job | FilesureError:
        try:
            cin = parse_cin(order.cin, this_year=now.year, allow_unknown_codes=allow_unknown_codes)
            name, priority = _name(order.company_name), _priority(order.priority)
        except FilesureError as error:
            return error
        return Job(
            id=self.new_id(), cin=str(cin), company_name=name, priority=priority, run_after=now,
            max_attempts=self.max_attempts, requested_by=requested_by, created_at=now, updated_at=now,
        )  # fmt: skip

    def details(self, job_id: str) -> JobDetails:
        """One job with its runs and documents. Raises InvalidJobId, UnknownJob."""
        job = self.jobs.get(job_id)
        return JobDetails(job=job, runs=self.runs.of_job(job.id), documents=self.documents.of_job(job.id))

    def cancel(self, job_id: str) -> Job:
        """Cancel, or ask the job's worker to. Raises InvalidJobId, UnknownJob, WrongState."""
        return self.jobs.cancel(job_id)

    def retry(self, job_id: str) -> Job:
        """Have a failed or cancelled job fetch what it lacks. Raises InvalidJobId, UnknownJob, WrongState.

        Its documents come first: cut off in between, the job has still failed, and the next retry
        finds nothing left to list again. The other way round a worker could meet the failed ones.
        """
        job = self.jobs.get(job_id)
        if job.status in TRANSITIONS[Transition.RETRY].sources:
            self.documents.list_again(job.id)
        listed = job.progress.total is not None
        return self.jobs.retry(job.id, self.documents.progress(job.id) if listed else job.progress)


def _without_repeats(results: Sequence[Job | FilesureError]) -> list[Job | FilesureError]:
    """Refuse the second order of a company within one batch, as if the first were stored already."""
    first: dict[str, str] = {}
    kept: list[Job | FilesureError] = []
    for result in results:
        if isinstance(result, Job) and first.setdefault(result.cin, result.id) != result.id:
            kept.append(AlreadyOrdered(result.cin, first[result.cin]))
        else:
            kept.append(result)
    return kept


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise InvalidOrder("The company's name is missing.")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidOrder(f"The company's name must be printable text of at most {LONGEST_NAME} characters.")
    return name


def _priority(value: int | str) -> int:
    message = f"The priority must be a whole number from {PRIORITIES[0]} to {PRIORITIES[-1]}, not '{value}'."
    try:
        priority = int(value or 0)
    except ValueError:
        raise InvalidOrder(message) from None
    if priority not in PRIORITIES:
        raise InvalidOrder(message)
    return priority
