"""Builds the worker from the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.domain.ending import Backoff
from jobs.telemetry.metrics import Unmeasured
from worker.extractors.process import Limits as ReadingLimits
from worker.extractors.reader import Reader
from worker.limits import Limits
from worker.naming import worker_name
from worker.pipeline import Pipeline
from worker.progress import OnProgress, ignored
from worker.sources.building import guarded_source

if TYPE_CHECKING:
    from jobs.bootstrap import Application
    from jobs.configuration.table import Configuration
    from worker.stopping import Stop


def reader_of(configuration: Configuration) -> Reader:
    return Reader(ReadingLimits(languages=configuration.ocr_languages))


def pipeline(application: Application, stop: Stop, on_progress: OnProgress = ignored) -> Pipeline:
    config = application.configuration
    return Pipeline(
        jobs=application.jobs,
        documents=application.documents,
        runs=application.runs,
        blobs=application.blobs,
        source=guarded_source(application, worker_name(config)),
        extractor=reader_of(config),
        clock=application.clock,
        limits=_limits(config),
        stop=stop,
        instruments=application.instruments or Unmeasured(),
        on_progress=on_progress,
        pages=application.pages,
        is_paused=lambda: any(pause.stop_runs for pause in application.pauses.current()),
    )


def _limits(config: Configuration) -> Limits:
    return Limits(
        concurrency=config.worker_concurrency,
        run_fraction=config.run_fraction,
        lease_seconds=config.lease_seconds,
        stop_seconds=config.stop_seconds,
        run_timeout_seconds=config.run_timeout_seconds,
        backoff=Backoff(base_seconds=config.backoff_seconds, cap_seconds=config.backoff_max_seconds),
    )
