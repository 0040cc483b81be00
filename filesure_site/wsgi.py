"""The WSGI application that gunicorn serves."""

import atexit
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from prometheus_client import REGISTRY

from jobs.adapters.prometheus import PrometheusInstruments
from jobs.bootstrap import application as jobs_application
from jobs.configuration.table import current
from jobs.domain.errors import ConfigurationError
from jobs.telemetry import logs, tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filesure_site.settings")
configuration = current()
if configuration.oidc_issuer and not configuration.oidc_client_secret:
    raise ConfigurationError("OIDC_ISSUER needs OIDC_CLIENT_SECRET, or OIDC_CLIENT_SECRET_FILE.")
logs.configure(configuration, settings.SECRET_KEY)
tracing.configure(configuration.otel_exporter_otlp_endpoint, configuration.otel_exporter_otlp_headers, "web")
atexit.register(tracing.flush)
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018  load all pages now, not during the first request
jobs_application().instruments = PrometheusInstruments("web", REGISTRY)
