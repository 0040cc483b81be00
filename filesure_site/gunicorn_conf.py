"""Gunicorn's settings, for every place the web site runs in."""

from gunicorn.config import Config
from gunicorn.glogging import Logger

from filesure_site import logs
from filesure_site.configuration import current
from jobs import masking

_configuration = current()
masking.know(_configuration.secrets())


class logger_class(Logger):  # noqa: N801  the setting's name
    """Gunicorn's own lines in our format."""

    def setup(self, cfg: Config) -> None:
        """Change the handlers' format."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.formatter(_configuration.log_format))


wsgi_app = "filesure_site.wsgi"
bind = f"0.0.0.0:{_configuration.port}"  # a container's only door; `make run` binds to loopback instead
workers = _configuration.web_processes
threads = _configuration.web_threads
timeout = 60
graceful_timeout = 20
# Recycling now and then bounds what a leak in any library can do; the jitter keeps some of them up.
max_requests = 10_000
max_requests_jitter = 1_000
loglevel = "warning"
