"""Builds the source that SOURCE names. Each kind is imported only if it is used: httpx takes a fifth of a second."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.domain.errors import ConfigurationError
from jobs.telemetry.metrics import Unmeasured

if TYPE_CHECKING:
    from jobs.bootstrap import Application
    from jobs.configuration.table import Configuration
    from jobs.ports import Source
    from worker.sources.portal.mapping import PortalMapping

_LONGEST_PROBE_WAIT = 20  # times the first


def check_settings(config: Configuration) -> None:
    """Raises ConfigurationError. Call before a claim: a worker that cannot start would keep its job for a lease."""
    if config.source == "portal":
        _portal_mapping(config)


def source(app: Application, worker: str) -> Source:
    """The source, without its breaker."""
    config = app.configuration
    if config.source == "portal":
        return _portal(app, worker)
    if config.source == "directory":
        from worker.sources.directory import DirectorySource

        return DirectorySource(config.filings_dir or Path())
    from worker.sources.simulated import SimulatedSource

    return SimulatedSource(
        seconds_per_document=config.simulated_seconds_per_document,
        fault_rate=config.simulated_fault_rate,
    )


def guarded_source(app: Application, worker: str) -> Source:
    """The source behind its breaker. The simulated one is never down."""
    plain, config = source(app, worker), app.configuration
    if config.source == "simulated":
        return plain
    from jobs.domain.sources import BreakerRule
    from worker.sources.guarded import GuardedSource

    first = timedelta(seconds=config.source_probe_seconds)
    return GuardedSource(
        source=plain,
        name=config.source,
        breakers=app.breakers,
        jobs=app.jobs,
        clock=app.clock,
        rule=BreakerRule(first=first, longest=_LONGEST_PROBE_WAIT * first),
    )


def _portal(app: Application, worker: str) -> Source:
    from worker.sources.portal.client import PortalClient
    from worker.sources.portal.listing import Lists
    from worker.sources.portal.pages import Pages
    from worker.sources.portal.permits import Permits
    from worker.sources.portal.source import PortalSource

    config, mapping = app.configuration, _portal_mapping(app.configuration)
    instruments = app.instruments or Unmeasured()
    permits = Permits(
        hosts=app.hosts,
        clock=app.clock,
        host=mapping.portal.host,
        limits=mapping.limits.host,
        worker=worker,
        # Long enough to be renewed between two pieces of a slow answer.
        lease_seconds=config.lease_seconds + 2 * max(mapping.limits.read_seconds, mapping.limits.connect_seconds),
        longest_wait_seconds=mapping.limits.longest_wait_seconds,
        instruments=instruments,
    )
    client = PortalClient(mapping=mapping, permits=permits, cookie=config.portal_cookie, instruments=instruments)
    pages = Pages(client=client, user=config.portal_user, password=config.portal_password)
    return PortalSource(client=client, pages=pages, lists=Lists(mapping=mapping, pages=pages))


def _portal_mapping(config: Configuration) -> PortalMapping:
    from worker.sources.portal.mapping import load

    mapping = load(config.portal_mapping or Path())
    if mapping.login and not (config.portal_user and config.portal_password):
        raise ConfigurationError("The portal's mapping has a login, which needs PORTAL_USER and PORTAL_PASSWORD.")
    return mapping
