"""Django's settings for the web site and for commands. All values come from the configuration."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from filesure_site.configuration import BASE_DIR, current
from jobs.domain.errors import ConfigurationError

_configuration = current()


def _data_dir(folder: Path) -> Path:
    """The data directory, made if missing and open to its owner only."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"DATA_DIR={folder} cannot be used: {error.strerror}.") from error
    return folder


def _secret_key(given: str | None, folder: Path) -> str:
    """The given key, else one that is made once and kept."""
    if given:
        return given
    kept = folder / "secret_key"
    try:
        if not kept.exists():
            new = folder / f"secret_key.{secrets.token_hex(4)}"
            new.touch(mode=0o600)
            new.write_text(secrets.token_urlsafe(50))
            new.replace(kept)
        return kept.read_text()
    except OSError as error:
        reason = f"SECRET_KEY is not set and cannot be kept in {kept}: {error.strerror}."
        raise ConfigurationError(reason) from error


DATA_DIR = _data_dir(_configuration.data_dir)
SECRET_KEY = _secret_key(_configuration.secret_key, DATA_DIR)
DEBUG = _configuration.debug
ALLOWED_HOSTS = list(_configuration.allowed_hosts)

INSTALLED_APPS = [
    "django_htmx",
    "filesure_site.apps.AccountsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_prometheus",
    "csp",
    "jobs",
    "worker",
]
MIDDLEWARE = [
    "filesure_site.headers.InnerPathsMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "filesure_site.headers.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",  # live parts that did not change cost no bytes
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "jobs.access.LoginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "jobs.middleware.ErrorsMiddleware",
    "jobs.api.problems.ProblemMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "filesure_site.urls"
WSGI_APPLICATION = "filesure_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,  # the admin brings its own
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# SQLite holds sessions and accounts only; jobs and documents live in MongoDB.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "django.sqlite3",
        # Several gunicorn processes write sessions: wait for each other instead of failing.
        "OPTIONS": {"timeout": 10, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "jobs"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_NAME = "filesure_session"
CSRF_COOKIE_NAME = "filesure_csrf"

# Five wrong passwords for a name from one address lock the name for that address alone: others
# cannot shut a person out. `manage.py axes_reset` opens all locks.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # who waits is let in, whatever came meanwhile
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "jobs.access.client_address"
AXES_LOCKOUT_CALLABLE = "filesure_site.login.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True  # a row a login, for ever
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# No page has a script or a style inside: what is injected into one does not run.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

PROXIES = _configuration.proxies
if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _configuration.https_only
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if _configuration.https_only else 0
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # probes come to the pod itself, without TLS
# Both would speak for other hosts of the domain, which are not ours to decide about.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "static/"
# An image collects static files when it is built, under names that change with their content; elsewhere they are
# found where they are, and nothing has to be done before `make run`.
_collected = BASE_DIR / "staticfiles"
STATIC_ROOT = _collected if _collected.is_dir() else None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
if STATIC_ROOT:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
LOGGING_CONFIG = None  # wsgi and the commands configure logs themselves, in one format

ALLOW_ANONYMOUS_DEMO = _configuration.allow_anonymous_demo
API_READS_PER_MINUTE = _configuration.api_reads_per_minute
API_WRITES_PER_MINUTE = _configuration.api_writes_per_minute
