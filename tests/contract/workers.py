"""The actions of workers, each performed by the repositories and by the model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, precondition, rule

from jobs.domain.document import Document, DocumentError, DocumentStatus, Filing
from jobs.domain.ending import Backoff, Ending, cancelled, ended_badly, ended_early, ended_well
from jobs.domain.errors import CompanyNotFound, FilesureError, SourceUnavailable
from jobs.domain.job import Job, JobStatus, Progress, RunOutcome
from jobs.domain.rereading import Reread
from tests.conftest import FakeClock
from tests.contract.model import LEASE, Model
from tests.contract.stores import Stores, a_run
from tests.making import a_cin, a_file, a_job

BACKOFF = Backoff(base_seconds=10, cap_seconds=100)
CINS = [a_cin(800_000 + number) for number in range(3)]
HALF, SOME = Progress(total=2, downloaded=1), Progress(total=2, downloaded=1, failed=1)
ALL, NONE = Progress(total=2, downloaded=2), Progress(total=2, failed=2)
MOST = 3  # jobs at once: the fewer, the more happens to each
FILINGS = ["a", "b", "c", "c"]
ERROR = DocumentError(kind="k", message="m")

workers, priorities, requesters = st.sampled_from(["v", "w"]), st.sampled_from([0, 5]), st.sampled_from(["x", "y"])
progresses = st.sampled_from([Progress(), HALF, SOME, ALL, NONE])


def outcome(act: Callable[[], Any]) -> Any:
    """The result of a call, or the kind of error that it raises."""
    try:
        return act()
    except FilesureError as error:
        return type(error)


class Workers(RuleBasedStateMachine):
    """They may be late, repeat themselves, or act on a lease that they have lost long ago."""

    stores: Stores

    ids = Bundle("ids")
    claims = Bundle("claims")
    found = Bundle("found")

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.model = Model(self.clock)
        self.known: list[str] = []
        self.touched: set[str] = set()

    def both(self, job_id: str, expected: Callable[[], Any], real: Callable[[], Any]) -> Any:
        """Do it in the model and in the repository; both have the same result."""
        self.touched.add(job_id)
        predicted = outcome(expected)
        assert outcome(real) == predicted
        return predicted

    # --- ordering and claiming

    @precondition(lambda self: len(self.model.jobs) < MOST)
    @rule(
        target=ids,
        cins=st.lists(st.sampled_from(CINS), min_size=1, max_size=3, unique=True),
        priority=priorities,
        requester=requesters,
        again=st.booleans(),
        delay=st.sampled_from([0, 100]),
    )
    def order(self, cins: list[str], priority: int, requester: str, again: bool, delay: int):
        due = self.clock() + timedelta(seconds=delay)
        order = {"priority": priority, "requested_by": requester, "run_after": due, "due_at": due}
        jobs = [a_job(self.clock(), cin=cin, **order) for cin in cins]
        predicted = self.model.add(jobs, again=again)
        refused = self.stores.jobs.add(jobs, again=again)
        assert refused.keys() == predicted.keys()
        assert all(refused[cin] in predicted[cin] for cin in refused)
        stored = [job.id for job in jobs if job.cin not in refused]
        self.known += stored
        self.touched |= set(stored)
        return multiple(*stored)

    @precondition(lambda self: len(self.model.jobs) < MOST + 2)
    @rule(target=ids, job_id=ids)
    def reread(self, job_id: str):
        original = self.model.jobs.get(job_id)
        if original is None or original.reread:
            return multiple()
        job = a_job(
            self.clock(), cin=original.cin, priority=-1, progress=ALL, reread=Reread(job_id=job_id, form="AOC-4")
        )
        stored = self.both(job.id, lambda: self.model.add_reread(job), lambda: self.stores.jobs.add_tasks([job]))
        self.known += stored
        assert bool(self.stores.jobs.holder(original.reread_key)) == self.model.is_reread(original)
        return multiple(*stored)

    @rule(job_id=ids)
    def borrow(self, job_id: str) -> None:
        self.both(job_id, lambda: self.model.borrow(job_id), lambda: self.stores.jobs.borrow(job_id))

    @rule(target=claims, worker=workers)
    def claim_next(self, worker: str):
        first = self.model.first()
        job = self.stores.jobs.claim_next(worker, LEASE)
        assert (job is None) == (not first)
        if job is None:
            return multiple()
        assert job.id in first
        return self.both(job.id, lambda: self.model.claim(job.id, worker), lambda: job)

    @rule(target=claims, job_id=ids, worker=workers)
    def claim_by_id(self, job_id: str, worker: str):
        expected = self.both(
            job_id,
            lambda: self.model.claim(job_id, worker),
            lambda: self.stores.jobs.claim(job_id, worker, LEASE),
        )
        return expected if isinstance(expected, Job) else multiple()

    @rule(target=claims, claim=claims)
    def claim_again(self, claim: Job):
        """As a pod does whose first container has claimed the job."""
        return self.claim_by_id(claim.id, claim.locked_by or "")

    # --- a worker, in time or too late

    @rule(claim=claims)
    def renew(self, claim: Job) -> None:
        self.both(claim.id, lambda: self.model.renew(claim.lease), lambda: self.stores.jobs.renew(claim.lease, LEASE))

    @rule(claim=claims, progress=progresses, advanced=st.booleans())
    def save_progress(self, claim: Job, progress: Progress, advanced: bool) -> None:
        self.both(
            claim.id,
            lambda: self.model.save_progress(claim.lease, progress, advanced=advanced),
            lambda: self.stores.jobs.save_progress(claim.lease, progress, advanced=advanced),
        )

    def end(self, claim: Job, ending: Ending, expected: Callable[[], None]) -> None:
        self.both(claim.id, expected, lambda: self.stores.jobs.end(claim.lease, ending))

    @rule(claim=claims, progress=progresses)
    def end_well(self, claim: Job, progress: Progress) -> None:
        ending = ended_well(claim, progress, self.clock())
        lease, now = claim.lease, self.clock()
        if progress.total is None:
            expected = lambda: self.model.release(lease, claim.attempts, progress, now, None)  # noqa: E731
        elif progress == HALF:
            expected = lambda: self.model.release(lease, 0, progress, now, None)  # noqa: E731
        else:
            status = {ALL: JobStatus.COMPLETED, SOME: JobStatus.PARTIAL, NONE: JobStatus.FAILED}[progress]
            attempts = claim.attempts if progress == NONE else 0
            expected = lambda: self.model.finish(lease, status, attempts, progress, ending.error)  # noqa: E731
        self.end(claim, ending, expected)

    @rule(claim=claims, progress=progresses)
    def end_early(self, claim: Job, progress: Progress) -> None:
        now, attempts = self.clock(), max(0, claim.attempts - 1)
        self.end(
            claim,
            ended_early(claim, progress, now),
            lambda: self.model.release(claim.lease, attempts, progress, now, None),
        )

    @rule(claim=claims, progress=progresses)
    def end_cancelled(self, claim: Job, progress: Progress) -> None:
        self.end(
            claim,
            cancelled(claim, progress),
            lambda: self.model.finish(claim.lease, JobStatus.CANCELLED, claim.attempts, progress, None),
        )

    @rule(claim=claims, progress=progresses)
    def find_no_company(self, claim: Job, progress: Progress) -> None:
        ending = ended_badly(claim, progress, CompanyNotFound("none"), self.clock(), BACKOFF)
        status, attempts = (JobStatus.FAILED, claim.attempts) if progress.total else (JobStatus.NO_FILINGS, 0)
        counted = progress if progress.total else Progress(total=0)
        self.end(claim, ending, lambda: self.model.finish(claim.lease, status, attempts, counted, ending.error))

    @rule(claim=claims)
    def find_no_source(self, claim: Job) -> None:
        ending = ended_badly(claim, HALF, SourceUnavailable("away"), self.clock(), BACKOFF)
        lease, attempts, error = claim.lease, claim.attempts, ending.error
        if attempts >= claim.max_attempts:
            self.end(claim, ending, lambda: self.model.finish(lease, JobStatus.FAILED, attempts, HALF, error))
        else:
            at = ending.run_after
            assert at
            assert 5 <= (at - self.clock()).total_seconds() <= 100
            self.end(claim, ending, lambda: self.model.release(lease, attempts, HALF, at, error))

    # --- a worker's documents and runs

    @rule(target=found, claim=claims, names=st.lists(st.sampled_from(FILINGS), min_size=1, max_size=4))
    def list_filings(self, claim: Job, names: list[str]):
        """The source adds, removes and renumbers filings."""
        filings = [Filing(number=number, document_type="x", file_name=name) for number, name in enumerate(names, 1)]
        self.both(
            claim.id,
            lambda: self.model.list(claim.lease, filings),
            lambda: self.stores.documents.add(claim.lease, claim, filings),
        )
        documents = self.stores.documents.of_job(claim.id)
        for row, document in zip(self.model.of_job(claim.id), documents, strict=True):
            row.id = row.id or document.id  # chosen by the repository
        return multiple(*documents)

    @rule(claim=claims)
    def take_over(self, claim: Job) -> None:
        self.model.take_over(claim.lease)
        self.stores.documents.take_over(claim.lease)

    @rule(claim=claims)
    def withdraw(self, claim: Job) -> None:
        self.both(
            claim.id, lambda: self.model.withdraw(claim.lease), lambda: self.stores.documents.withdraw(claim.lease)
        )

    @rule(target=found, job_id=ids, limit=st.integers(0, 3))
    def find_documents(self, job_id: str, limit: int):
        listed = [row for row in self.model.of_job(job_id) if row.status == "listed"]
        first = sorted(listed, key=lambda row: (row.attempts, row.filing.number))[:limit]
        documents = self.stores.documents.to_download(job_id, limit)
        assert [document.id for document in documents] == [row.id for row in first]
        return multiple(*documents)

    def write(
        self, claims_: list[Job], document: Document, status: DocumentStatus, real: Callable[[Job], None]
    ) -> None:
        """By whichever worker holds or held the document's job."""
        attempts = None if status is DocumentStatus.STORED else document.attempts + 1
        for claim in claims_:
            if claim.id == document.job_id:
                self.both(
                    claim.id,
                    lambda: self.model.save(claim.lease, document.id, status, attempts),  # noqa: B023
                    lambda: real(claim),  # noqa: B023
                )

    @rule(document=found, claims_=st.lists(claims, min_size=1, max_size=6))
    def store(self, document: Document, claims_: list[Job]) -> None:
        def real(claim: Job) -> None:
            self.stores.documents.save_stored(claim.lease, document, a_file())

        self.write(claims_, document, DocumentStatus.STORED, real)

    @rule(document=found, claims_=st.lists(claims, min_size=1, max_size=6), final=st.booleans())
    def fail(self, document: Document, claims_: list[Job], final: bool) -> None:
        def real(claim: Job) -> None:
            self.stores.documents.save_failure(claim.lease, document, ERROR, final=final)

        self.write(claims_, document, DocumentStatus.FAILED if final else DocumentStatus.LISTED, real)

    @rule(claim=claims)
    def start_run(self, claim: Job) -> None:
        run = a_run(claim, self.clock)
        self.both(claim.id, lambda: self.model.start(run), lambda: self.stores.runs.start(run))

    @rule(claim=claims, how=st.sampled_from(RunOutcome))
    def finish_run(self, claim: Job, how: RunOutcome) -> None:
        run = a_run(claim, self.clock, outcome=how, finished_at=self.clock())
        self.both(claim.id, lambda: self.model.end_run(run), lambda: self.stores.runs.finish(run))
