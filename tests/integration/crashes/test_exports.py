"""A worker that is killed while it packs a ZIP loses and doubles nothing: another one completes it."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from zipfile import ZipFile

import pytest

from jobs.domain.export import Export, Scope, blob_names
from jobs.domain.export_manifest import as_csv
from jobs.domain.job import UNFINISHED, JobStatus
from tests.integration.crashes.people import do
from tests.integration.crashes.scene import STAFF, Scene
from tests.integration.crashes.traps import kill_at, requests_of
from tests.integration.exports import FORMS, a_filed_order
from tests.making import a_cin, blobs_of

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("crashes"), pytest.mark.timeout(3600)]

#: The second one is uploaded in blocks, so that a worker can die in the middle of a part.
CONTENTS = {1: b"%PDF first", 2: bytes(range(256)) * 20_000, 3: b"%PDF third"}


def an_export(scene: Scene) -> str:
    """An export of a new company's order, with a part for each document."""
    app = scene.app
    order = a_filed_order(app, a_cin(), content=CONTENTS.__getitem__)
    small = replace(app.exporting, part_bytes=1)
    return small.order(Scope.ORDER, order, sorted(app.documents.of_job(order), key=lambda each: each.place), STAFF).id


@pytest.fixture(scope="session")
def length(shared_scene: Scene) -> int:
    """The number of requests that a worker makes to pack all parts."""
    return len(requests_of(shared_scene, "manage", "process_job", an_export(shared_scene)))


@pytest.mark.parametrize("deeds", ["nothing", "cancel the dead, retry", "cancel the dead, delete"])
def test_killed_worker_leaves_a_zip_that_another_completes(scene, points, length, deeds):
    for number in points(length, 4):
        export_id = an_export(scene)
        story = f"killed at {number}, {kill_at(scene, number, 'manage', 'process_job', export_id)}; {deeds}"
        do(scene, export_id, deeds)
        complete(scene, export_id)
        assert_whole(scene, export_id, story)


def complete(scene: Scene, export_id: str) -> None:
    """Let other worker processes go on until the job ends, if it still exists."""
    scene.gate.open()
    for _ in range(3):
        job = scene.job(export_id)
        if job is None or job.status not in UNFINISHED:
            return
        scene.wait_no_longer(export_id)
        worker = scene.start("manage", "process_job", export_id)
        assert worker.wait() == 0, worker.log.read_text()


def assert_whole(scene: Scene, export_id: str, story: str) -> None:
    job = scene.job(export_id)
    if job is None:
        assert blobs_of(scene.app.blobs, export_id) == [], story
        return
    export = job.export
    assert isinstance(export, Export)
    assert (job.status, job.progress.downloaded, export.missing) == (JobStatus.COMPLETED, len(FORMS), 0), story
    assert [part.number for part in export.parts] == list(CONTENTS), story
    assert set(blobs_of(scene.app.blobs, export_id)) == blob_names(export_id, export), story
    lines: list[dict[str, object]] = []
    for part in export.parts:
        with scene.app.blobs.open(part.blob_name) as blob, ZipFile(io.BytesIO(blob.read())) as archive:
            assert archive.testzip() is None, story
            (path,) = (name for name in archive.namelist() if not name.startswith("manifest."))
            data = archive.read(path)
            assert data == CONTENTS[part.number], story
            found = json.loads(archive.read("manifest.json"))
            assert archive.read("manifest.csv").decode() == as_csv(found), story
        assert found[:-1] == lines, story
        lines = found
        assert lines[-1] == {
            **lines[-1],
            "path": path,
            "part": part.number,
            "status": "included",
            "reason": None,
            "size": len(data),
            "checksum": f"sha256:{hashlib.sha256(data).hexdigest()}",
        }, story
    assert len(lines) == len(FORMS), story
