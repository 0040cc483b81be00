"""Puts the worker together, as the configuration says."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path

from filesure_site.configuration import Configuration
from jobs.bootstrap import Application
from jobs.domain.ending import Backoff
from jobs.domain.metrics import Unmeasured
from jobs.ports import Source
from worker.extractors.pdf import PdfExtractor
from worker.pipeline import Limits, Pipeline
from worker.stopping import Stop


def worker_name(configuration: Configuration) -> str:
    """Who this process is in leases: unique among the living workers."""
    return configuration.worker_id or f"{platform.node()}-{os.getpid()}"


def source(configuration: Configuration) -> Source:
    """The source that SOURCE names."""
    if configuration.source == "directory":
        from worker.sources.directory import DirectorySource

        return DirectorySource(configuration.filings_dir or Path())
    from worker.sources.simulated import SimulatedSource

    return SimulatedSource(
        seconds_per_document=configuration.simulated_seconds_per_document,
        fault_rate=configuration.simulated_fault_rate,
    )


def pipeline(application: Application, stop: Stop, on_beat: Callable[[], object]) -> Pipeline:
    """The pipeline for one run. ``on_beat`` is called after each heartbeat."""
    config = application.configuration
    return Pipeline(
        jobs=application.jobs, documents=application.documents, runs=application.runs,
        blobs=application.blobs, source=source(config), extractor=PdfExtractor(),
        clock=application.clock, limits=_limits(config), stop=stop,
        instruments=application.instruments or Unmeasured(), on_beat=on_beat,
    )  # fmt: skip


def _limits(config: Configuration) -> Limits:
    return Limits(
        concurrency=config.worker_concurrency,
        run_fraction=config.run_fraction,
        lease_seconds=config.lease_seconds,
        stop_seconds=config.stop_seconds,
        run_timeout_seconds=config.run_timeout_seconds,
        backoff=Backoff(base_seconds=config.backoff_seconds, cap_seconds=config.backoff_max_seconds),
    )
