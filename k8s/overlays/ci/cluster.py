"""Calls to the test cluster, and what is observed there."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from typing import Any

PAUSE = float(os.environ.get("PAUSE_SECONDS", "5"))
LIMIT = float(os.environ.get("LIMIT_SECONDS", "1200"))
COUNTS = """
import json
from collections import Counter
from jobs.bootstrap import application
app = application()
documents = list(app.database["documents"].find())
blobs = [name for name in app.blobs.names("jobs/") if not name.endswith((".txt", ".record.json", ".page1.png"))]
print(json.dumps({
    "states": Counter(job["jobStatus"] for job in app.database["jobs"].find()),
    "documents": len(documents), "stored": sum(each["status"] == "stored" for each in documents),
    "distinct": len({(each["jobId"], each["documentNumber"]) for each in documents}), "blobs": len(blobs),
}))
"""
WORKERS = ("-l", "app.kubernetes.io/component=worker")


class Wrong(Exception):
    """The cluster did something that it must not do."""


def kubectl(*arguments: str, given: str | None = None) -> str:
    """Returns kubectl's output. Raises CalledProcessError."""
    command = ["kubectl", "--namespace", "filesure", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, input=given).stdout


def manage(*arguments: str) -> str:
    """Run a manage.py command in the web pod."""
    return kubectl("exec", "deploy/web", "-c", "web", "--", "python", "manage.py", *arguments)


def python(code: str) -> str:
    """The last line that code prints in the web pod."""
    return manage("shell", "-v", "0", "-c", code).strip().rpartition("\n")[2]


def counts() -> Any:
    """Counts from MongoDB and the blob store."""
    return json.loads(python(COUNTS))


def pods(*chosen: str) -> list[dict[str, Any]]:
    return list(json.loads(kubectl("get", "pods", *chosen, "-o", "json"))["items"])


def workers(*, running: bool) -> list[str]:
    """Names of worker pods that have not ended or, with ``running``, of those that run."""
    phases = {"Running"} if running else {"Running", "Pending"}
    return [pod["metadata"]["name"] for pod in pods(*WORKERS) if pod["status"]["phase"] in phases]


def until(what: str, condition: Callable[[], object], limit: float = LIMIT) -> float:
    """Wait. Returns the seconds it took. A refused call counts as "not yet". Raises Wrong."""
    began = time.monotonic()
    while True:
        try:
            if condition():
                return time.monotonic() - began
        except subprocess.CalledProcessError:
            pass  # for example while the web pod moves
        if time.monotonic() - began > min(limit, LIMIT):
            raise Wrong(f"{what}: not within {min(limit, LIMIT):g} s")
        time.sleep(PAUSE)


def order(number: int) -> int:
    """Order jobs. Returns how many exist now."""
    manage("create_jobs", "--count", str(number))
    return int(sum(counts()["states"].values()))


def all_completed(jobs: int) -> bool:
    """Whether all jobs are completed, nothing is lost or doubled, and no worker is left. Raises Wrong."""
    seen = counts()
    if seen["states"] != {"completed": jobs} or workers(running=False):
        return False
    if not seen["documents"] == seen["stored"] == seen["distinct"] == seen["blobs"] > 0:
        raise Wrong(f"documents are lost or doubled: {seen}")
    return True
