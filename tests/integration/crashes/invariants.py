"""The invariants that hold once the queue has drained, whatever happened before."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

from jobs.adapters.mongo.records import STAGE
from jobs.domain.document import Document, DocumentStatus
from jobs.domain.job import UNFINISHED, Job, JobStatus
from jobs.domain.sharing import needed
from jobs.telemetry.metrics import PREFIX
from jobs.telemetry.series import series_key
from tests.integration.crashes.scene import Scene


def assert_all_sound(scene: Scene, job_ids: list[str]) -> None:
    """Drain the queue and check all jobs; the message names each job that is not sound."""
    scene.drain(job_ids)
    scene.app.sweep.sweep()
    wrong = []
    for job_id in job_ids:
        try:
            assert_sound(scene, job_id)
        except AssertionError as error:
            wrong.append(f"{scene.stories.get(job_id, job_id)}: {error}")
    assert not wrong, "\n".join(wrong)
    assert_no_orphans(scene)
    assert_totals(scene)


def assert_sound(scene: Scene, job_id: str) -> None:
    """Check one job, if it still exists, and everything that belongs to it."""
    job = scene.job(job_id)
    if job is None:
        return
    documents = scene.app.documents.of_job(job_id)
    assert job.status not in UNFINISHED
    assert job.locked_by is None
    offered = sorted(path.name for path in (scene.filings_dir / job.cin).iterdir())
    listed = sorted(document.filing.file_name for document in documents)
    assert listed in (offered, []), "each filing is listed once"
    if job.status is JobStatus.COMPLETED:
        assert listed == offered
        assert {document.status for document in documents} == {DocumentStatus.STORED}
    for document in documents:
        assert document.attempts == 0, f"an attempt was charged: {document.error}"
    _assert_counted(scene, job, documents)
    _assert_stored(scene, job, documents)
    _assert_runs(scene, job)


def _assert_counted(scene: Scene, job: Job, documents: list[Document]) -> None:
    counted = scene.app.documents.progress(job.id)
    unlisted = job.progress.total is None and counted.downloaded == counted.failed == 0
    assert unlisted or job.progress == counted
    assert job.attempts <= job.max_attempts


def _assert_stored(scene: Scene, job: Job, documents: list[Document]) -> None:
    """Each stored document has its blobs, with the source's content."""
    blobs = scene.app.blobs
    for document in documents:
        if file := document.file:
            data = Path(scene.filings_dir / job.cin / document.filing.file_name).read_bytes()
            with blobs.open(file.blob_name) as original:
                assert original.read() == data
            assert file.checksum == f"sha256:{hashlib.sha256(data).hexdigest()}"
            if job.status is JobStatus.COMPLETED:
                assert document.reading, "a stored document was never read"
            if document.reading:
                assert document.reading.text_blob_name
                with blobs.open(document.reading.text_blob_name) as text:
                    assert job.cin.encode() in text.read()


def _assert_runs(scene: Scene, job: Job) -> None:
    runs = scene.app.runs.of_job(job.id)
    assert all(run.outcome for run in runs), "a run has no outcome"
    assert len({run.number for run in runs}) == len(runs) <= job.runs


def assert_no_orphans(scene: Scene) -> None:
    """No document or run belongs to a job that does not exist, and no blob to no document."""
    database = scene.app.database
    known = {str(row["_id"]) for row in database["jobs"].find({}, {"_id": True})}
    blobs = set(scene.app.blobs.names("jobs/"))
    documents = [document for job_id in known for document in scene.app.documents.of_job(job_id)]
    assert needed(blobs, documents) == blobs, "blobs without a document"
    for collection in ("documents", "runs"):
        owners = {row["jobId"] for row in database[collection].find({}, {"jobId": True})}
        assert owners <= known, f"{collection} without a job"


def assert_totals(scene: Scene) -> None:
    """The totals match the existing jobs."""
    while scene.app.ledger.fold():
        pass
    totals = scene.app.ledger.totals()
    for status, number in scene.app.jobs.count_by_status().items():
        assert totals.get(series_key(f"{PREFIX}jobs", {"state": status}), 0) == number, status
    documents = Counter(
        document.status
        for row in scene.app.database["jobs"].find({f"{STAGE}.totalDocuments": {"$exists": True}}, {"_id": True})
        for document in scene.app.documents.of_job(str(row["_id"]))
    )
    for status in DocumentStatus:
        assert totals.get(series_key(f"{PREFIX}documents", {"state": status}), 0) == documents[status], status
