"""The table of all settings of Filesure: name, type, default and meaning.

``env.example`` and ``docs/configuration.md`` are generated from this table (``reference.py``). Standard library only,
so that a worker reads its configuration without loading Django.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from jobs.configuration import env_file
from jobs.configuration import readers as env
from jobs.configuration.notifying import NotificationSettings
from jobs.configuration.ordering import OrderSettings
from jobs.configuration.requirements import missing
from jobs.configuration.searching import SearchSettings
from jobs.configuration.setting import setting
from jobs.configuration.sign_in import SignIn
from jobs.domain.errors import ConfigurationError

BASE_DIR = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Configuration(SignIn, OrderSettings, SearchSettings, NotificationSettings):
    """The values of all settings. ``load`` reads them from the environment."""

    env_file: Path = setting(
        env.path,
        BASE_DIR / ".env",
        "A file with settings, like env.example; the environment takes precedence. Set in the environment only.",
        example="./.env",
    )
    data_dir: Path = setting(
        env.path,
        BASE_DIR / "data",
        "Folder for all local data: MongoDB, blobs, accounts, sessions, SECRET_KEY.",
        example="./data",
    )
    port: int = setting(env.integer(1, 65535), 5001, "The web site's port.")
    poll_seconds: float = setting(env.number(0.05, 3600), 2.0, "Seconds between the local scaler's counts of due jobs.")
    max_workers: int = setting(
        env.integer(1, 1000), 4, "Largest number of workers, for the local scaler and estimates."
    )

    debug: bool = setting(env.boolean, False, "Django's debug pages. Never in production.", example="0")
    secret_key: str | None = setting(
        env.text,
        None,
        "Django's key for sessions. Unset: generated once and stored under DATA_DIR.",
        example="fifty-random-characters",
        secret=True,
    )
    allowed_hosts: tuple[str, ...] = setting(
        env.words,
        ("localhost", "127.0.0.1", "[::1]"),
        "Host names that the web site answers to.",
        example="filesure.example.com,localhost",
    )
    site_url: str | None = setting(
        env.origin,
        None,
        "The web site's address, for all links to it, and for passkeys, which work only there. Unset: http://localhost"
        " with PORT; invitations and links to ZIP files use their creator's address, passkeys a name in ALLOWED_HOSTS.",
        example="https://filesure.example.com",
    )
    time_zone_shown: str = setting(
        env.time_zone,
        "Asia/Kolkata",
        "The pages' time zone, unless an account chooses another; everything else is in UTC.",
    )
    https_only: bool = setting(
        env.boolean,
        False,
        "Redirect to HTTPS and mark cookies Secure, as production needs. Requires PROXIES; the one that ends TLS sets"
        " X-Forwarded-Proto.",
        example="1",
    )
    proxies: int = setting(
        env.integer(0, 9),
        0,
        "Number of proxies in front of the web site, each adding to X-Forwarded-For. 0 ignores X-Forwarded-For.",
        example="1",
    )
    api_reads_per_minute: int = setting(
        env.integer(1, 1_000_000), 240, "Read requests per minute that one API caller may make to each web process."
    )
    api_writes_per_minute: int = setting(
        env.integer(1, 1_000_000), 60, "Orders and changes per minute that one API caller may make in each web process."
    )
    allow_anonymous_demo: bool = setting(
        env.boolean,
        False,
        "Let anybody POST to /create-job. Only for demonstrations on one machine; refused with DEBUG=0.",
        example="1",
    )
    web_processes: int = setting(env.integer(1, 64), 2, "Number of gunicorn worker processes.")
    web_threads: int = setting(env.integer(1, 64), 4, "Number of threads per web process.")

    mongodb_uri: str | None = setting(
        env.text,
        None,
        "MongoDB's connection string. Unset: the server that `make run` starts for DATA_DIR.",
        example="mongodb://user:password@localhost:27017/?replicaSet=rs0",
        secret=True,
    )
    local_mongodb: str = setting(
        env.one_of("auto", "mongod", "embedded"),
        "auto",
        "The server that `make run` starts without MONGODB_URI: mongod from the PATH, the embedded one, or auto: mongod"
        " if it is installed, unless DATA_DIR has data of the embedded one.",
    )
    mongodb_database: str = setting(env.text, "filesure", "The database's name.")
    mongodb_timeout_seconds: float = setting(
        env.number(0.1, 300), 10.0, "Time limit of one MongoDB operation, including retries, in seconds."
    )

    blob_store: str = setting(
        env.one_of("file", "azure"), "file", "Where documents are stored: file (under DATA_DIR) or azure."
    )
    azure_storage_connection_string: str | None = setting(
        env.text,
        None,
        "For BLOB_STORE=azure: the account's connection string.",
        example="DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…",
        secret=True,
    )
    azure_storage_account_url: str | None = setting(
        env.text,
        None,
        "For BLOB_STORE=azure without a connection string: the account's URL; DefaultAzureCredential logs in.",
        example="https://ACCOUNT.blob.core.windows.net",
    )
    azure_storage_container: str = setting(env.text, "filings", "The container; created if missing.")
    backups_container: str = setting(env.text, "backups", "The container for dumps of MongoDB; created if missing.")
    accounts_container: str | None = setting(
        env.text,
        None,
        "For a web pod without a volume: the container that accounts and sessions are replicated to.",
        example="accounts",
    )

    source: str = setting(
        env.one_of("simulated", "directory", "portal"),
        "simulated",
        "Where filings come from: simulated, directory or portal.",
    )
    filings_dir: Path | None = setting(
        env.path,
        None,
        "For SOURCE=directory: a folder with one folder of files per company, named by its CIN, LLPIN or FCRN.",
        example="./filings",
    )
    portal_mapping: Path | None = setting(
        env.path,
        None,
        "For SOURCE=portal: the TOML file that describes the portal; see portal.md.",
        example="./portal.toml",
    )
    portal_user: str | None = setting(
        env.text, None, "The user for the portal's login, if its mapping has one.", example="filings@example.com"
    )
    portal_password: str | None = setting(
        env.text, None, "The password for the portal's login.", example="…", secret=True
    )
    portal_cookie: str | None = setting(
        env.text, None, "Session cookies for a portal without a login form.", example="SESSION=…", secret=True
    )
    source_probe_seconds: float = setting(
        env.number(0.1, 3600),
        30.0,
        "Seconds until a source that is down is probed; doubles with each failed probe, up to 20 times as long.",
    )
    simulated_seconds_per_document: float = setting(
        env.number(0, 3600), 0.2, "Seconds that the simulated source takes per document."
    )
    simulated_fault_rate: float = setting(
        env.number(0, 1), 0.0, "Share of the simulated source's downloads that fail; a retry may succeed."
    )

    job_id: str | None = setting(
        env.text, None, "The job for process_job if no argument names one.", example="65a1f0c2b7e4d3a291f0c2b7"
    )
    job_file: Path | None = setting(
        env.path, None, "A file that contains the job's id, read if JOB_ID is unset.", example="/claim/job.env"
    )
    worker_id: str | None = setting(
        env.text, None, "The worker's name in leases. Unset: host name and process id.", example="worker-1"
    )
    worker_concurrency: int = setting(
        env.integer(1, 256),
        8,
        "Number of documents that a worker downloads at the same time; it reads and uploads as many meanwhile.",
    )
    ocr_languages: str = setting(
        env.languages,
        "eng+hin",
        "Languages of scans, as Tesseract names them; each needs its package, see check_services.",
    )
    run_fraction: float = setting(
        env.number(0.01, 1), 0.35, "Share of a job's documents that one run downloads, rounded up."
    )
    lease_seconds: float = setting(
        env.number(1, 86400), 60.0, "Lease length in seconds; a heartbeat renews it every third of it."
    )
    max_attempts: int = setting(
        env.integer(1, 100), 5, "Consecutive failures before a job or document fails; fixed when the job is ordered."
    )
    export_part_mib: int = setting(env.integer(1, 2048), 2048, "Largest size of one ZIP file of an export, in MiB.")
    backoff_seconds: float = setting(
        env.number(0.01, 3600),
        10.0,
        "Seconds to wait after the first failed run; doubles with each further failure, with jitter.",
    )
    backoff_max_seconds: float = setting(env.number(0.01, 86400), 900.0, "Longest wait after a failed run, in seconds.")
    stop_seconds: float = setting(env.number(0, 600), 15.0, "Seconds to wait after SIGTERM for documents in progress.")
    run_timeout_seconds: float = setting(
        env.number(1, 86400), 900.0, "Time limit of one run in seconds, from the listing to the last document."
    )

    metrics_host: str = setting(
        env.text,
        "0.0.0.0",  # noqa: S104  Prometheus scrapes pods from outside
        "Address on which a worker serves /metrics; always 127.0.0.1 for workers of the local scaler.",
    )
    metrics_port: int = setting(
        env.integer(0, 65535),
        9100,
        "Port of a worker's /metrics; 0 takes any free port. The local scaler counts up from it.",
    )
    metrics_linger_seconds: float = setting(
        env.number(0, 3600), 0.0, "Seconds that a worker keeps serving /metrics after its run, for a late scrape."
    )
    filesure_version: str = setting(env.text, "dev", "The version; images set it.", example="1.2.3")
    filesure_revision: str = setting(env.text, "unknown", "The version's commit; images set it.", example="4f2a9c1")

    log_format: str = setting(
        env.one_of("auto", "json", "console"), "auto", "json, console, or auto: console on a terminal, else json."
    )
    log_level: str = setting(
        env.one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "Lowest level: DEBUG, INFO, WARNING or ERROR."
    )

    otel_exporter_otlp_endpoint: str | None = setting(
        env.text,
        None,
        "Address of an OpenTelemetry collector that accepts OTLP over HTTP. Unset: no traces. Other"
        " variables of OpenTelemetry's SDK (OTEL_TRACES_SAMPLER, OTEL_BSP_…) apply as well.",
        example="http://localhost:4318",
    )
    otel_exporter_otlp_headers: str | None = setting(
        env.text, None, "Headers that the collector requires.", example="x-api-key=…", secret=True
    )
    traces_url: str | None = setting(
        env.trace_address, None, "Address of a trace in its viewer.", example="https://jaeger.example.com/trace/{trace}"
    )

    @property
    def site(self) -> str:
        """The web site's address for links, without a slash at its end."""
        return self.site_url or f"http://localhost:{self.port}"

    def secrets(self) -> list[str | None]:
        """The values to mask in logs and traces."""
        return [getattr(self, each.name) for each in fields(self) if each.metadata["secret"]]


def settings_table() -> Iterator[tuple[str, Field[Any]]]:
    """Each setting's environment variable and declaration; inherited ones, which dataclasses put first, last."""
    inherited = {each.name for part in Configuration.__bases__ for each in fields(part)}
    for each in sorted(fields(Configuration), key=lambda field: field.name in inherited):
        yield each.name.upper(), each


def load(environ: Mapping[str, str] = os.environ, places: env_file.Places | None = None) -> Configuration:
    """Read all settings. Raises a ConfigurationError that names every invalid one, its place and an example."""
    values: dict[str, Any] = {}
    problems = []
    for name, each in settings_table():
        try:
            given = env.raw(name, environ)
            if given is not None:
                values[each.name] = each.metadata["parse"](given)
        except ValueError as error:
            where = env_file.place(name, places or {})
            problems.append(f"{name}{where} {error}, for example {name}={each.metadata['example']}.")
    configuration = Configuration(**values)
    problems += missing(configuration)
    if problems:
        raise ConfigurationError(" ".join(problems))
    return configuration


@cache
def current() -> Configuration:
    """The configuration of this process, read on the first call from the environment and the file ``.env``."""
    named = os.environ.get("ENV_FILE")
    places = env_file.apply(env.path(named) if named else Configuration.env_file, os.environ, required=bool(named))
    return load(os.environ, places)
