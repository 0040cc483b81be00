"""Every setting of Filesure, once: its name, kind, default and meaning.

``env.example`` and ``docs/configuration.md`` are written from this table (``reference.py``). Standard library only, so
that a worker reads its configuration without loading Django.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from filesure_site import environment as env
from jobs.domain.errors import ConfigurationError

BASE_DIR = Path(__file__).resolve().parent.parent


def _setting(parse: env.Parse[Any], default: Any, about: str, *, example: str = "", secret: bool = False) -> Any:
    """Declare a setting. The environment's name is the field's name in upper case."""
    shown = ",".join(default) if isinstance(default, tuple) else str(default)
    meta = {"parse": parse, "about": about, "example": example or shown, "secret": secret}
    return field(default=default, metadata=meta)


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The settings' values. ``load`` reads them from the environment."""

    data_dir: Path = _setting(
        env.path,
        BASE_DIR / "data",
        "Where everything local lives: embedded MongoDB, blobs, accounts and sessions, the key.",
        example="./data",
    )
    port: int = _setting(env.integer(1, 65535), 5001, "The web site's port.")
    poll_seconds: float = _setting(env.number(0.05, 3600), 2.0, "How often the local scaler counts due jobs.")
    max_workers: int = _setting(env.integer(1, 1000), 4, "The most workers that the local scaler starts.")

    debug: bool = _setting(env.boolean, False, "Django's debug pages. Never in production.", example="0")
    secret_key: str | None = _setting(
        env.text,
        None,
        "Django's key for sessions. Unset: made once and kept under DATA_DIR.",
        example="fifty-random-characters",
        secret=True,
    )
    allowed_hosts: tuple[str, ...] = _setting(
        env.words,
        ("localhost", "127.0.0.1", "[::1]"),
        "Host names that the web site answers to.",
        example="filesure.example.com,localhost",
    )
    site_url: str | None = _setting(
        env.origin,
        None,
        "Where staff reach the web site: Grafana's links lead there. Unset: http://127.0.0.1 with PORT.",
        example="https://filesure.example.com",
    )
    https_only: bool = _setting(
        env.boolean,
        False,
        "Set it in production: HTTPS only, cookies too. Needs PROXIES: one that ends TLS sets X-Forwarded-Proto.",
        example="1",
    )
    proxies: int = _setting(
        env.integer(0, 9),
        0,
        "Proxies in front of the web site that each add to X-Forwarded-For. 0: such headers are not believed.",
        example="1",
    )
    api_reads_per_minute: int = _setting(
        env.integer(1, 1_000_000), 240, "What one caller of the API may ask a minute, in each web process."
    )
    api_writes_per_minute: int = _setting(
        env.integer(1, 1_000_000), 60, "What one caller of the API may order or change a minute, in each web process."
    )
    allow_anonymous_demo: bool = _setting(
        env.boolean,
        False,
        "Lets anybody POST to /create-job. For demonstrations on one machine: refused with DEBUG=0.",
        example="1",
    )
    web_processes: int = _setting(env.integer(1, 64), 2, "Gunicorn's worker processes.")
    web_threads: int = _setting(env.integer(1, 64), 4, "Threads of each of them.")

    mongodb_uri: str | None = _setting(
        env.text,
        None,
        "MongoDB's connection string. Unset: the embedded server of DATA_DIR.",
        example="mongodb://user:password@localhost:27017/?replicaSet=rs0",
        secret=True,
    )
    mongodb_database: str = _setting(env.text, "filesure", "The database's name.")
    mongodb_timeout_seconds: float = _setting(
        env.number(0.1, 300), 10.0, "The longest that one MongoDB operation may take, retries included."
    )

    blob_store: str = _setting(
        env.one_of("file", "azure"), "file", "Where documents go: file (under DATA_DIR) or azure."
    )
    azure_storage_connection_string: str | None = _setting(
        env.text,
        None,
        "For BLOB_STORE=azure: the account's connection string.",
        example="DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…",
        secret=True,
    )
    azure_storage_account_url: str | None = _setting(
        env.text,
        None,
        "For BLOB_STORE=azure, instead: the account's URL; DefaultAzureCredential logs in.",
        example="https://ACCOUNT.blob.core.windows.net",
    )
    azure_storage_container: str = _setting(env.text, "filings", "The container; created if missing.")

    source: str = _setting(
        env.one_of("simulated", "directory"), "simulated", "Where filings come from: simulated or directory."
    )
    filings_dir: Path | None = _setting(
        env.path,
        None,
        "For SOURCE=directory: holds one folder a company, named by its CIN, with its PDFs.",
        example="./filings",
    )
    simulated_seconds_per_document: float = _setting(
        env.number(0, 3600), 0.2, "How long the simulated source takes for a document."
    )
    simulated_fault_rate: float = _setting(
        env.number(0, 1), 0.0, "The share of the simulated source's downloads that fail; a retry may succeed."
    )

    job_id: str | None = _setting(
        env.text,
        None,
        "The job that process_job works on, where no argument names one.",
        example="65a1f0c2b7e4d3a291f0c2b7",
    )
    job_file: Path | None = _setting(
        env.path, None, "A file that holds that id, where JOB_ID is unset.", example="/claim/job.env"
    )
    worker_id: str | None = _setting(
        env.text, None, "The worker's name in leases. Unset: host name and process id.", example="worker-1"
    )
    worker_concurrency: int = _setting(
        env.integer(1, 256),
        8,
        "Documents that a worker downloads at once; as many again are read and uploaded meanwhile.",
    )
    run_fraction: float = _setting(
        env.number(0.01, 1), 0.35, "The share of a job's documents that one run downloads, rounded up."
    )
    lease_seconds: float = _setting(
        env.number(1, 86400),
        60.0,
        "A worker that is silent for so long loses its job. It reports three times as often.",
    )
    max_attempts: int = _setting(
        env.integer(1, 100),
        5,
        "Failed tries in a row after which a job, or a document, has failed; fixed when the job is ordered.",
    )
    backoff_seconds: float = _setting(
        env.number(0.01, 3600), 10.0, "The wait after the first failed run; it doubles with each, with jitter."
    )
    backoff_max_seconds: float = _setting(env.number(0.01, 86400), 900.0, "The longest such wait.")
    stop_seconds: float = _setting(
        env.number(0, 600), 15.0, "After SIGTERM: the longest wait for the documents in hand."
    )
    run_timeout_seconds: float = _setting(env.number(1, 86400), 900.0, "A run that takes longer has failed.")

    metrics_host: str = _setting(
        env.text,
        "0.0.0.0",  # noqa: S104  a pod's door
        "Where a worker's /metrics listens; the local scaler's workers: 127.0.0.1.",
    )
    metrics_port: int = _setting(
        env.integer(0, 65535), 9100, "Its port; 0: any free one. The local scaler counts up from it."
    )
    metrics_linger_seconds: float = _setting(
        env.number(0, 3600), 0.0, "How long a worker answers there after its run, for a scrape that comes late."
    )
    filesure_version: str = _setting(env.text, "dev", "Which version this is; images know theirs.", example="1.2.3")
    filesure_revision: str = _setting(env.text, "unknown", "Which commit it was built from.", example="4f2a9c1")

    log_format: str = _setting(
        env.one_of("auto", "json", "console"), "auto", "json, console, or auto: console on a terminal, else json."
    )
    log_level: str = _setting(
        env.one_of("DEBUG", "INFO", "WARNING", "ERROR"),
        "INFO",
        "The least that is logged: DEBUG, INFO, WARNING or ERROR.",
    )

    otel_exporter_otlp_endpoint: str | None = _setting(
        env.text,
        None,
        "Where traces go: an OpenTelemetry collector that speaks OTLP over HTTP. Unset: there are none. Other"
        " variables of OpenTelemetry's SDK (OTEL_TRACES_SAMPLER, OTEL_BSP_…) apply as well.",
        example="http://localhost:4318",
    )
    otel_exporter_otlp_headers: str | None = _setting(
        env.text, None, "Headers that the collector asks for.", example="x-api-key=…", secret=True
    )

    def secrets(self) -> list[str | None]:
        """The values that nobody may see."""
        return [getattr(self, setting.name) for setting in fields(self) if setting.metadata["secret"]]


def settings_table() -> Iterator[tuple[str, Field[Any]]]:
    """Each setting's name in the environment, with its declaration."""
    for each in fields(Configuration):
        yield each.name.upper(), each


def load(environ: Mapping[str, str] = os.environ) -> Configuration:
    """Read all settings. Raises ConfigurationError that names every wrong one, with an example."""
    values: dict[str, Any] = {}
    problems = []
    for name, setting in settings_table():
        try:
            given = env.raw(name, environ)
            if given is not None:
                values[setting.name] = setting.metadata["parse"](given)
        except ValueError as error:
            problems.append(f"{name} {error}, for example {name}={setting.metadata['example']}.")
    configuration = Configuration(**values)
    problems += _missing(configuration)
    if problems:
        raise ConfigurationError(" ".join(problems))
    return configuration


def _missing(configuration: Configuration) -> list[str]:
    """What a choice needs and nobody gave."""
    problems = []
    if configuration.https_only and not configuration.proxies:
        # Without the proxy's X-Forwarded-Proto every request looks like HTTP and is redirected, for ever.
        problems.append("HTTPS_ONLY=1 needs PROXIES, the number of proxies in front, for example PROXIES=1.")
    if configuration.allow_anonymous_demo and not configuration.debug:
        problems.append("ALLOW_ANONYMOUS_DEMO=1 is for demonstrations on one machine: it needs DEBUG=1 as well.")
    if configuration.source == "directory" and configuration.filings_dir is None:
        problems.append("SOURCE=directory needs FILINGS_DIR, for example FILINGS_DIR=./filings.")
    accounts = (configuration.azure_storage_connection_string, configuration.azure_storage_account_url)
    if configuration.blob_store == "azure" and not any(accounts):
        problems.append(
            "BLOB_STORE=azure needs AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_URL, for example"
            " AZURE_STORAGE_ACCOUNT_URL=https://ACCOUNT.blob.core.windows.net."
        )
    return problems


@cache
def current() -> Configuration:
    """The process's configuration, read at the first call."""
    return load()
