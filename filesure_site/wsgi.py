"""The web site as gunicorn runs it."""

import os

from django.core.wsgi import get_wsgi_application
from prometheus_client import REGISTRY

from filesure_site import logs
from filesure_site.configuration import current
from jobs.adapters.prometheus import PrometheusInstruments
from jobs.bootstrap import application as jobs_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filesure_site.settings")
logs.configure(current().log_format, current().log_level)
application = get_wsgi_application()
jobs_application().instruments = PrometheusInstruments("web", REGISTRY)
