"""Runs the images as their user and with a read-only root."""

from __future__ import annotations

import re
import signal
import statistics
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.domain.job import JobStatus
from tests.images.container import Image
from tests.integration.conftest import Installation, an_installation
from tests.integration.test_process_job import nothing_is_missing_or_double
from tests.processes import processor_seconds, wait_until
from tests.servers import free_port

pytestmark = pytest.mark.server


@pytest.fixture
def installation(mongodb_uri: str, empty_database: str, volume: Path) -> Iterator[Installation]:
    with an_installation(volume, mongodb_uri, empty_database) as made:
        yield made


@pytest.fixture
def settings(installation: Installation) -> dict[str, str]:
    """A deployment's settings. The volume is mounted at the image's DATA_DIR."""
    own = ("MONGODB_URI", "MONGODB_DATABASE", "SIMULATED_SECONDS_PER_DOCUMENT")
    return {name: installation.environment[name] for name in own} | {"METRICS_PORT": "0", "WORKER_ID": "pod-1"}


def test_worker_prints_usage_by_default(worker):
    done = worker.run()
    assert (done.returncode, "usage: manage.py process_job" in done.stdout) == (0, True), done.stderr


def test_root_file_system_is_read_only(image):
    done = image.run("python", "-c", "open('/app/x', 'w')")
    assert "Read-only file system" in done.stderr


def test_pod_claims_and_completes_a_job(worker, installation, settings, volume, tmp_path):
    (job_id,) = installation.order()
    pod = replace(worker, settings=settings)
    (volume / "claim").mkdir(mode=0o777)
    (volume / "claim").chmod(0o777)
    volumes = [f"{volume}:/data"]
    for _ in range(3):
        claimed = pod.run("python", "-m", "worker.claim", volumes=volumes, JOB_FILE="/data/claim/job.env")
        assert claimed.returncode == 0, claimed
        written = (volume / "claim/job.env").read_text()
        assert re.fullmatch(rf"JOB_ID='{job_id}'\nJOB_WAITED='\d+\.\d+'\n", written), written
        done = pod.run(*worker.config["Entrypoint"], "process_job", volumes=volumes, JOB_FILE="/data/claim/job.env")
        assert done.returncode == 0, done.stderr
    nothing_is_missing_or_double(installation, job_id)
    idle = pod.run("python", "-m", "worker.claim", volumes=volumes, JOB_FILE="/data/claim/job.env")
    assert (idle.returncode, (volume / "claim/job.env").read_text()) == (0, ""), idle.stderr


def test_indexes_need_only_a_mounted_tmp(worker, installation, settings):
    """As in the Job that prepares a deployment."""
    made = replace(worker, settings=settings).run(
        *worker.config["Entrypoint"], "migrate_documents", SECRET_KEY="of the deployment"
    )
    assert made.returncode == 0, made.stderr


def test_claim_without_storage_takes_no_job(worker, installation, settings):
    (job_id,) = installation.order()
    done = replace(worker, settings=settings).run("python", "-m", "worker.claim")
    assert (done.returncode, done.stderr) == (
        1,
        "JOB_FILE=/claim/job.env cannot be written: No such file or directory.\n",
    )
    assert installation.app.jobs.get(job_id).status is JobStatus.PENDING


def test_claiming_is_cheaper_than_loading_django(worker, settings, volume):
    pod = replace(worker, settings=settings | {"JOB_FILE": "/data/job.env"})

    def cost(*command: str) -> float:
        return processor_seconds(lambda: pod.run(*command, volumes=[f"{volume}:/data"]).check_returncode())

    pairs = [(cost("python", "-m", "worker.claim"), cost(*pod.default)) for _ in range(5)]
    ratio = statistics.median(claim / usage for claim, usage in pairs)
    print(f"claim / process_job --help: {ratio:.2f}")
    assert ratio < 0.9  # both include the container's own cost


@contextmanager
def started(image: Image, *arguments: str, volume: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a serving container during the block."""
    command = image.command(*(arguments or image.default), volumes=[f"{volume}:/data"], **settings)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def got(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def test_site_serves_files_collected_at_build(web, settings, volume):
    port = free_port()
    site = replace(web, settings=settings | {"PORT": str(port), "WEB_PROCESSES": "1"})
    migrated = site.run("python", "manage.py", "migrate", "--verbosity", "0", volumes=[f"{volume}:/data"])
    assert migrated.returncode == 0, migrated.stderr
    assert site.run(*web.healthcheck).returncode == 1
    with started(site, volume=volume) as process:
        wait_until(lambda: got(port, "/healthz") == (200, "ok\n"), 60)
        assert site.run(*web.healthcheck).returncode == 0
        assert got(port, "/readyz")[0] == 200
        page = got(port, "/login/")[1]
        styles = re.search(r'href="(/static/jobs/filesure\.[0-9a-f]{12}\.css)"', page)
        assert styles, page
        assert got(port, styles[1])[0] == 200
    assert process.returncode == 0


def test_working_worker_is_healthy(worker, installation, settings, volume):
    installation.order()
    port = free_port()
    slow = settings | {"METRICS_PORT": str(port), "SIMULATED_SECONDS_PER_DOCUMENT": "5", "STOP_SECONDS": "1"}
    pod = replace(worker, settings=slow)
    with started(pod, "python", "manage.py", "process_job", "--claim", volume=volume) as process:
        wait_until(lambda: got(port, "/metrics")[0] == 200, 60)
        assert pod.run(*worker.healthcheck).returncode == 0
    assert process.returncode == 0
    assert pod.run(*worker.healthcheck).returncode == 1


def test_mongodb_outage_logs_one_sentence(worker, settings, volume):
    away = {"MONGODB_URI": f"mongodb://127.0.0.1:{free_port()}/", "MONGODB_TIMEOUT_SECONDS": "1"}
    pod = replace(worker, settings=settings | away | {"JOB_FILE": "/data/job.env"})
    done = pod.run("python", "-m", "worker.claim", volumes=[f"{volume}:/data"])
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
