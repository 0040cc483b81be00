"""Starting a worker that finds no job, compared with Python importing the required packages."""

from __future__ import annotations

import os
import subprocess
import sys

from bench.measuring import Report, alternate, an_application, sized
from jobs.configuration.table import BASE_DIR

BASELINE = "import pymongo, django; django.setup()"


def measure(uri: str, report: Report) -> None:
    """Measure the ratio of the medians."""
    with an_application(uri) as app:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "filesure_site.worker_settings",
            "MONGODB_URI": uri,
            "LOG_FORMAT": "json",
            "MONGODB_DATABASE": app.configuration.mongodb_database,
            "DATA_DIR": str(app.configuration.data_dir),
        }

        def run(*arguments: str) -> None:
            subprocess.run(
                [sys.executable, *arguments], cwd=BASE_DIR, env=environment, check=True, stderr=subprocess.DEVNULL
            )

        for command in (["manage.py", "process_job", "--claim"], ["-c", BASELINE]):
            run(*command)  # once, to warm the file cache for both
        ours, base = alternate(
            lambda: run("manage.py", "process_job", "--claim"), lambda: run("-c", BASELINE), sized(21, 2)
        )
    report.add("idle process_job --claim / import pymongo, django", ours / base, 1.3, note=f"{ours * 1e3:.0f} ms")
