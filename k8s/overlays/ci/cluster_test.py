"""``make cluster-test``: 20 jobs in a real cluster, whose pods are killed: all completed, none doubled, none left."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from typing import Any

JOBS, KILLS, SECONDS = 20, 6, 1200
COUNTS = """
import json
from collections import Counter
from jobs.bootstrap import application
app = application()
documents = list(app.database["documents"].find())
blobs = [name for name in app.blobs.names("jobs/") if not name.endswith(".txt")]
print(json.dumps({
    "states": Counter(job["jobStatus"] for job in app.database["jobs"].find()),
    "documents": len(documents), "stored": sum(each["status"] == "stored" for each in documents),
    "distinct": len({(each["jobId"], each["documentNumber"]) for each in documents}), "blobs": len(blobs),
}))
"""


def kubectl(*arguments: str) -> str:
    """Its output. Raises CalledProcessError."""
    command = ["kubectl", "--namespace", "filesure", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def manage(*arguments: str) -> str:
    """A command in a web pod."""
    return kubectl("exec", "deploy/web", "-c", "web", "--", "python", "manage.py", *arguments)


def workers(*, running: bool) -> list[str]:
    """Names of worker pods that have not ended, or of those that run."""
    found = json.loads(kubectl("get", "pods", "-l", "app.kubernetes.io/component=worker", "-o", "json"))["items"]
    phases = {"Running"} if running else {"Running", "Pending"}
    return [pod["metadata"]["name"] for pod in found if pod["status"]["phase"] in phases]


def counts() -> Any:
    """What MongoDB and the blob store hold."""
    return json.loads(manage("shell", "-v", "0", "-c", COUNTS).splitlines()[-1])


def main() -> int:
    """Print what is seen; 1 if it is not as it should be."""
    manage("create_jobs", "--count", str(JOBS))
    chance, kills, most = random.Random(1), KILLS, 0  # noqa: S311  repeatable, not secret
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        alive, running = workers(running=False), workers(running=True)
        most = max(most, len(alive))
        if running and kills and chance.random() < 0.3:
            kubectl("delete", "pod", chance.choice(running), "--grace-period=0", "--force")
            kills -= 1
        seen = counts()
        print(f"{len(alive)} pods, {seen}", flush=True)
        if seen["states"] == {"completed": JOBS} and not alive:
            break
        time.sleep(5)
    seen = counts()
    same = seen["documents"] == seen["stored"] == seen["distinct"] == seen["blobs"]
    good = seen["states"] == {"completed": JOBS} and same and not workers(running=False) and most > 1
    print(f"{'good' if good else 'BAD'}: {seen}, at most {most} pods, {KILLS - kills} killed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
