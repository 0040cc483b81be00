"""Generates ``env.example``, ``docs/configuration.md`` and ``docs/metrics.md`` from their tables."""

from __future__ import annotations

import sys
from dataclasses import Field
from pathlib import Path
from typing import Any

from jobs.configuration import readers as env
from jobs.configuration.table import BASE_DIR, settings_table
from jobs.telemetry.metrics import CATALOGUE

# The first setting of each part of the table → the part's heading.
_PARTS = {
    "env_file": "One machine",
    "debug": "The web site",
    "mongodb_uri": "MongoDB",
    "blob_store": "Blob storage",
    "source": "The source",
    "job_id": "The worker",
    "metrics_host": "Metrics",
    "log_format": "Logs",
    "otel_exporter_otlp_endpoint": "Traces",
    "oidc_issuer": "Sign-in",
    "orders_per_month": "Orders",
    "smtp_host": "Notifications",
}

_INTRODUCTION = """
All settings are environment variables, and all are optional. `manage.py`, the workers, gunicorn and compose also read
the file `.env` (`cp env.example .env`); the environment takes precedence. An invalid value stops the process with exit
code 2 (gunicorn: 1) and an error that names the setting, and the line if it is in the file. Instead of `NAME`,
`NAME_FILE` can name a file that contains the value. Settings marked *secret* are masked in logs and traces. An empty
value counts as unset; in the environment it also hides the value in `.env`.
""".strip().splitlines()


def example() -> str:
    """The text of ``env.example``: every setting with its meaning and an example."""
    lines = [
        "# Every setting of Filesure. All are optional.",
        "# To use it: cp env.example .env, and remove the # before a setting. The environment takes precedence.",
        "# Put single quotes around values with $, # or spaces.",
        "# A value can come from a file: NAME_FILE=/run/secrets/name instead of NAME=….",
        "",
    ]
    for name, setting in settings_table():
        lines += [f"# {setting.metadata['about']}", f"# {name}={setting.metadata['example']}", ""]
    return "\n".join(lines)


def reference() -> str:
    """The text of ``docs/configuration.md``: each setting with its values, default and meaning."""
    lines = ["# Configuration", "", "<!-- written by: make docs/configuration.md -->", "", *_INTRODUCTION]
    for name, setting in settings_table():
        if setting.name in _PARTS:
            lines += [
                "",
                f"## {_PARTS[setting.name]}",
                "",
                "| setting | values | default | meaning |",
                "|---|---|---|---|",
            ]
        secret = " *(secret)*" if setting.metadata["secret"] else ""
        lines.append(f"| `{name}`{secret} | {_values(setting)} | {_default(setting)} | {setting.metadata['about']} |")
    return "\n".join([*lines, ""])


def _values(setting: Field[Any]) -> str:
    """The accepted values, taken from the error message for an empty value."""
    parse = setting.metadata["parse"]
    if parse in (env.text, env.path, env.words):
        return {env.text: "text", env.path: "a path", env.words: "words, separated by commas"}[parse]
    try:
        parse("")
    except ValueError as refusal:
        return str(refusal).removeprefix("must be ")
    raise AssertionError(f"{setting.name} takes an empty value")


def _default(setting: Field[Any]) -> str:
    inside = isinstance(setting.default, Path) and setting.default.is_relative_to(BASE_DIR)
    default = setting.metadata["example"] if inside else setting.default
    if isinstance(default, bool):
        default = int(default)
    return "" if default in (None, ()) else f"`{','.join(default) if isinstance(default, tuple) else default}`"


_METRICS = """# Metrics

Prometheus reads the web site (`:5001/metrics`) and each worker while it runs (`:9100/metrics`, `METRICS_PORT`).

## Two paths to the totals

A worker lives for seconds: most are never scraped, and a counter that appears at 7 and disappears a minute later has no
rate. So the web site exports totals, which MongoDB stores. Both paths to them are in `jobs/adapters/mongo/totals/`:

- **jobs**: each write that changes a job also counts the change in the job (`ledger.py`). A scrape adds these changes
  to the totals exactly once, even if processes die in between.
- **workers**: a worker counts in memory and stores the increase as a part, three times per lease and at its end, from
  a thread of its own (`flusher.py`). A scrape adds each part to the totals once (`workers.py`). A killed worker loses
  the increase since its last part.

The other metrics take neither path: **queue** is read at each scrape, **process** describes the scraped process.

Every replica of the web site exports the same totals: aggregate with `max`, never with `sum`, for example
`max(rate(filesure_jobs_completed_total[5m]))`. A running worker also exports its own part of each *workers* metric as
`filesure_worker_…`, and a web process its own part of some as `filesure_web_…`: sum these. django-prometheus counts
HTTP requests as `django_http_…`.

## Dashboards

The dashboards are JSON files in `k8s/base/monitoring/grafana/dashboards/`, which `k8s/base/monitoring` provisions. In
another Grafana (11 or later), import each file (*Dashboards*, *New*, *Import*) and choose the Prometheus that scrapes
Filesure. It needs the rules in `k8s/base/monitoring/rules/`, because panels query recorded series. These pictures were
drawn from the dashboards' queries for [the film](demo.md), not by Grafana: *Operations*, and the panels of
[Documents and storage](images/panels-documents.png), of [Web and MongoDB with its commands](images/panels-web.png), and
of the [Error budget and its burn rates](images/panels-budget.png).

![Panels of Operations: jobs by state, throughput, times, failures, workers](images/panels-operations.png)

## All metrics
"""


def metrics() -> str:
    """The text of ``docs/metrics.md``."""
    rows = [
        f"| `{each.name}` | {each.kind} | {', '.join(f'`{label}`' for label in each.labels)} | {each.origin}"
        f"{', web' if each.web else ''} | {each.about} |"
        for each in CATALOGUE
    ]
    head = ["| name | kind | labels | from | meaning |", "|---|---|---|---|---|"]
    return "\n".join([_METRICS, *head, *rows]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(
        {"env.example": example, "configuration.md": reference, "metrics.md": metrics}[Path(sys.argv[1]).name]()
    )
