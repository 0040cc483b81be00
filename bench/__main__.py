"""``make bench``: all measurements, a table, and bench/results.json. Exit code 1 if one misses its limit.

python -m bench [claim] [pipeline] [cold_start] [orders] [site] [logs]
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filesure_site.worker_settings")

import django

django.setup()

from bench import claim, cold_start, logs, orders, pipeline, site
from bench.measuring import Report, a_server

MEASUREMENTS = {
    "claim": claim, "pipeline": pipeline, "cold_start": cold_start, "orders": orders, "site": site, "logs": logs,
}  # fmt: skip


def main() -> int:
    """Run those named, or all."""
    chosen = sys.argv[1:] or list(MEASUREMENTS)
    report = Report()
    with a_server() as uri:
        for name in chosen:
            MEASUREMENTS[name].measure(uri, report)
    good = report.write("TEST_MONGODB_URI" if os.environ.get("TEST_MONGODB_URI") else "embedded (nx-27017)")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
