"""``/metrics`` of the web site."""

from __future__ import annotations

import os

from django.http import HttpRequest, HttpResponse
from prometheus_client import REGISTRY, CollectorRegistry, exposition, multiprocess

from jobs.bootstrap import application
from jobs.configuration.table import current
from jobs.web.access import open_to_all
from jobs.web.collector import FilesureCollector


@open_to_all
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics of all web processes, and those read from MongoDB. The ingress does not expose this URL."""
    registry = CollectorRegistry(auto_describe=False)
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    config = current()
    registry.register(
        FilesureCollector(
            application,
            version=config.filesure_version,
            revision=config.filesure_revision,
            site_url=config.site,
        )
    )
    encode, content_type = exposition.choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type)
