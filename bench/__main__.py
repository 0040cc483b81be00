"""``make bench``: measures, prints a table and writes bench/results.json. Exits with 1 if a figure misses its limit.

python -m bench [claim] [pipeline] [reading] [pod] [orders] [lists] [directory] [export] [company] [search]
    [local] [site] [logs] [totals]

With BENCH_SIZE=small, it only checks that everything runs and that counts are within their limits.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filesure_site.worker_settings")

import django

django.setup()

from bench import (
    claim,
    company,
    directory,
    export,
    lists,
    local,
    logs,
    orders,
    pipeline,
    pod,
    reading,
    search,
    site,
    totals,
)
from bench.measuring import Report, a_server

MEASUREMENTS = {
    "claim": claim,
    "pipeline": pipeline,
    "reading": reading,
    "pod": pod,
    "orders": orders,
    "lists": lists,
    "directory": directory,
    "export": export,
    "company": company,
    "search": search,
    "local": local,
    "site": site,
    "logs": logs,
    "totals": totals,
}


def main() -> int:
    """Run the named measurements, by default all."""
    chosen = sys.argv[1:] or list(MEASUREMENTS)
    report = Report()
    with a_server() as uri:
        for name in chosen:
            MEASUREMENTS[name].measure(uri, report)
    good = report.write("TEST_MONGODB_URI" if os.environ.get("TEST_MONGODB_URI") else "embedded (nx-27017)")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
