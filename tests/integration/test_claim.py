"""``python -m worker.claim``, then the worker, like a pod's two containers."""

from __future__ import annotations

import functools
import re
import resource
import signal
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.domain.errors import LocalDiskError
from jobs.domain.job import JobStatus
from tests.integration.conftest import Installation
from tests.processes import ROOT, plain_environment, processor_seconds, wait_until
from tests.servers import free_port
from worker.claim import claim
from worker.stopping import Reason, Stop

pytestmark = pytest.mark.server

CLAIM = [sys.executable, "-m", "worker.claim"]


def claimed(installation: Installation, path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = installation.environment | {"WORKER_ID": "pod-1", "JOB_FILE": str(path)} | settings
    return subprocess.run(CLAIM, cwd=ROOT, env=environment, text=True, capture_output=True, timeout=60, check=False)


def test_worker_continues_from_the_claim_file(installation, tmp_path):
    (job_id,) = installation.order()
    path = tmp_path / "job.env"
    assert claimed(installation, path).returncode == 0
    assert re.fullmatch(rf"JOB_ID='{job_id}'\nJOB_WAITED='\d+\.\d+'\n", path.read_text())
    held = installation.app.jobs.get(job_id)
    assert (held.status, held.locked_by, held.fence) == (JobStatus.PROCESSING, "pod-1", 1)

    done = installation.run("process_job", JOB_FILE=str(path), WORKER_ID="pod-1")
    assert done.returncode == 0, done.stderr
    job = installation.app.jobs.get(job_id)
    assert (job.status, job.runs, job.fence) == (JobStatus.PENDING, 1, 2)
    assert job.progress.downloaded
    (run,) = installation.app.runs.of_job(job_id)
    assert f"JOB_WAITED='{run.waited}'" in path.read_text()


def test_shell_reads_the_same_id(installation, tmp_path):
    (job_id,) = installation.order()
    path = tmp_path / "job.env"
    claimed(installation, path)
    read = subprocess.run(["sh", "-c", f". {path}; echo $JOB_ID"], capture_output=True, text=True, check=True)
    assert read.stdout == f"{job_id}\n"


def test_another_pods_worker_is_refused(installation, tmp_path):
    installation.order()
    path = tmp_path / "job.env"
    claimed(installation, path)
    done = installation.run("process_job", JOB_FILE=str(path), WORKER_ID="pod-2")
    assert (done.returncode, "is held by pod-1" in done.stderr) == (2, True)


def test_nothing_to_claim_exits_with_0(installation, tmp_path):
    path = tmp_path / "job.env"
    path.write_text("JOB_ID='of a pod before'\n")
    done = claimed(installation, path)
    assert (done.returncode, path.read_text()) == (0, ""), done.stderr
    done = installation.run("process_job", JOB_FILE=str(path), WORKER_ID="pod-1")
    assert (done.returncode, "worker.idle" in done.stderr) == (0, True)


def test_concurrent_pods_claim_different_jobs(installation, tmp_path):
    job_ids = installation.order(3)
    paths = [tmp_path / f"{number}.env" for number in range(5)]
    pods = [
        subprocess.Popen(
            CLAIM,
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
            env=installation.environment | {"WORKER_ID": path.stem, "JOB_FILE": str(path)},
        )
        for path in paths
    ]
    assert [pod.wait(60) for pod in pods] == [0] * 5
    found = re.findall("[0-9a-f]{24}", "".join(path.read_text() for path in paths))
    assert sorted(found) == sorted(job_ids)


def test_unwritable_folder_claims_no_job(installation, tmp_path):
    (job_id,) = installation.order()
    path = tmp_path / "absent" / "job.env"
    done = claimed(installation, path)
    assert (done.returncode, done.stderr) == (1, f"JOB_FILE={path} cannot be written: No such file or directory.\n")
    assert installation.app.jobs.get(job_id).fence == 0


def test_full_disk_releases_the_claimed_job(installation, tmp_path, monkeypatch):
    (job_id,) = installation.order()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, limits[1]))  # a full disk: room for an empty file but not for an id
    try:
        with pytest.raises(LocalDiskError, match="cannot be written: File too large"):
            claim(installation.app, "pod-1", tmp_path / "job.env", Stop())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    job = installation.app.jobs.get(job_id)
    assert (job.status, job.attempts, job.locked_by) == (JobStatus.PENDING, 0, None)
    assert (tmp_path / "job.env").read_text() == ""


class AskedMeanwhile(Stop):
    """SIGTERM arrives just after the first check, when MongoDB has already stored the claim."""

    looks = 0

    def __bool__(self) -> bool:
        self.looks += 1
        return self.looks > 1


def test_pod_deleted_during_claim_releases_it(installation, tmp_path):
    (job_id,) = installation.order()
    claim(installation.app, "pod-1", tmp_path / "job.env", AskedMeanwhile())
    job = installation.app.jobs.get(job_id)
    assert (job.status, job.attempts, job.fence) == (JobStatus.PENDING, 0, 1)
    assert (tmp_path / "job.env").read_text() == ""


def test_pod_deleted_before_claim_takes_nothing(installation, tmp_path):
    (job_id,) = installation.order()
    stop = Stop()
    stop.request(Reason.ASKED)
    claim(installation.app, "pod-1", tmp_path / "job.env", stop)
    assert installation.app.jobs.get(job_id).fence == 0


def test_sigterm_ends_a_waiting_claim(installation, tmp_path):
    path = tmp_path / "job.env"
    away = {"MONGODB_URI": f"mongodb://127.0.0.1:{free_port()}/", "STOP_SECONDS": "0", "MONGODB_TIMEOUT_SECONDS": "60"}
    environment = installation.environment | away | {"WORKER_ID": "pod-1", "JOB_FILE": str(path)}
    with subprocess.Popen(CLAIM, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as process:
        wait_until(path.exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(4) == 1  # by itself, the driver would give up after 5 s


def test_mongodb_outage_exits_with_1(installation, tmp_path):
    uri = f"mongodb://staff:geheim-1@127.0.0.1:{free_port()}/"
    done = claimed(installation, tmp_path / "job.env", MONGODB_URI=uri, MONGODB_TIMEOUT_SECONDS="1")
    assert done.returncode == 1
    assert done.stderr.startswith("MongoDB does not answer: 127.0.0.1:")
    assert len(done.stderr.splitlines()) == 1
    assert "geheim" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LEASE_SECONDS", "0", "LEASE_SECONDS must be a number from 1 to 86400, for example LEASE_SECONDS=60.0.\n"),
        ("WORKER_ID", "", "WORKER_ID is needed, the same for claim and worker, for example the pod's name.\n"),
    ],
)
def test_wrong_setting_exits_with_2(installation, tmp_path, name, value, sentence):
    done = claimed(installation, tmp_path / "job.env", **{name: value})
    assert (done.returncode, done.stderr) == (2, sentence)


def test_unused_lease_expires(installation, tmp_path):
    """As left by a pod that is killed between its two containers."""
    (job_id,) = installation.order()
    assert claimed(installation, tmp_path / "job.env", LEASE_SECONDS="1").returncode == 0
    wait_until(lambda: installation.app.jobs.count_due(1) == 1)
    claimed(installation, tmp_path / "second.env", WORKER_ID="pod-2")
    assert installation.app.jobs.get(job_id).locked_by == "pod-2"


def test_claim_loads_no_django_or_run_modules():
    code = "import sys, worker.claim; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=plain_environment(), capture_output=True, text=True, check=True
    )
    heavy = {"django", "azure", "opentelemetry", "prometheus_client", "pypdfium2", "gunicorn", "nx_27017"}
    names = loaded.stdout.split()
    assert not heavy & {name.partition(".")[0] for name in names}
    assert not [name for name in names if name.startswith("jobs.services.")]


def test_claiming_is_cheaper_than_loading_django(installation, tmp_path):
    def cost(*command: str) -> float:
        environment = installation.environment | {"WORKER_ID": "pod-1", "JOB_FILE": str(tmp_path / "job.env")}
        run = functools.partial(subprocess.run, cwd=ROOT, env=environment, capture_output=True, check=True)
        return processor_seconds(lambda: run([sys.executable, *command]))

    pairs = [(cost("-m", "worker.claim"), cost("manage.py", "process_job", "--help")) for _ in range(5)]
    ratio = statistics.median(claim_ / help_ for claim_, help_ in pairs)
    print(f"claim / process_job --help: {ratio:.2f}")
    assert ratio < 0.85
