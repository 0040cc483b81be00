"""Django's settings for the web site and for commands. All values come from the configuration."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from jobs.configuration.passkeys import site_of
from jobs.configuration.table import BASE_DIR, current
from jobs.domain.errors import ConfigurationError

_configuration = current()


def _data_dir(folder: Path) -> Path:
    """Create the data directory if it is missing, readable only by its owner."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"DATA_DIR={folder} cannot be used: {error.strerror}.") from error
    return folder


def _secret_key(given: str | None, folder: Path) -> str:
    """The given key, or a generated one, which is stored for later starts."""
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
        reason = f"SECRET_KEY is not set, and a generated one cannot be stored in {kept}: {error.strerror}."
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
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
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
    "filesure_site.headers.CompressionMiddleware",
    "filesure_site.headers.PrivateMiddleware",  # inside: static files may be cached
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "filesure_site.headers.HeadMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",  # unchanged live parts are answered with 304
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "jobs.web.preferences.PreferencesMiddleware",
    "jobs.web.access.LoginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "jobs.web.middleware.ErrorsMiddleware",
    "jobs.web.api.problems.ProblemMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "filesure_site.urls"
WSGI_APPLICATION = "filesure_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,  # for the admin
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "jobs.web.pause_banner.pauses",
                "jobs.web.preferences.shown",
            ],
        },
    }
]

# SQLite holds only sessions and accounts; jobs and documents are in MongoDB.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "django.sqlite3",
        "CONN_MAX_AGE": None,  # opening it costs more than the queries of a request
        # Several gunicorn processes write sessions; let them wait for each other instead of failing.
        "OPTIONS": {"timeout": 10, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
# Five million characters can be pasted; as a form, each may take three bytes.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16_000_000
PASSWORD_RESET_TIMEOUT = int(timedelta(days=3).total_seconds())  # of links to set a password
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "jobs"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "jobs.web.sessions"
SESSION_COOKIE_NAME = "filesure_session"
CSRF_COOKIE_NAME = "filesure_csrf"

# Five wrong passwords lock a name only for that client address, so that others cannot lock a user out.
# `manage.py axes_reset` removes all locks.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # attempts during the lock do not prolong it
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "jobs.web.request_context.client_address"
AXES_LOCKOUT_CALLABLE = "filesure_site.login.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True  # one row per login, never deleted
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Pages have no inline scripts or styles, so injected ones do not run.
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
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # probes reach the pod directly, without TLS
# HSTS for subdomains and HSTS preload would affect other hosts of the domain.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

USE_TZ = True
TIME_ZONE = "UTC"
TIME_ZONE_SHOWN = _configuration.time_zone_shown
LANGUAGE_CODE = "en"
STATIC_URL = "static/"
# Images collect static files at build time, under names with content hashes. Elsewhere the files are served
# from the source tree, so that `make run` needs no extra step.
_collected = BASE_DIR / "staticfiles"
STATIC_ROOT = _collected if _collected.is_dir() else None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
if STATIC_ROOT:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
LOGGING_CONFIG = None  # wsgi and the commands configure logs themselves

SIGN_IN = _configuration
PASSKEYS = site_of(_configuration)
# `manage.py deliver` sends notifications, the site itself links to set a password.
EMAIL_BACKEND = "jobs.web.notices.mail_backend.EmailBackend"
EMAIL_HOST = _configuration.smtp_host or ""
EMAIL_PORT = _configuration.smtp_port
EMAIL_USE_TLS = _configuration.smtp_security == "starttls"
EMAIL_USE_SSL = _configuration.smtp_security == "tls"
EMAIL_HOST_USER = _configuration.smtp_user or ""
EMAIL_HOST_PASSWORD = _configuration.smtp_password or ""
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = _configuration.mail_from

OTP_TOTP_ISSUER = "Filesure"
ALLOW_ANONYMOUS_DEMO = _configuration.allow_anonymous_demo
API_READS_PER_MINUTE = _configuration.api_reads_per_minute
API_WRITES_PER_MINUTE = _configuration.api_writes_per_minute
