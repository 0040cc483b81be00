"""Django's settings for the web site and for commands. All values come from the configuration."""

from __future__ import annotations

import secrets
from pathlib import Path

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
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "jobs",
    "worker",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "jobs.middleware.DatabaseErrorsMiddleware",
]
ROOT_URLCONF = "filesure_site.urls"
WSGI_APPLICATION = "filesure_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "jobs"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_NAME = "filesure_session"
CSRF_COOKIE_NAME = "filesure_csrf"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # nothing has to be collected before `make run`
LOGGING_CONFIG = None  # wsgi and the commands configure logs themselves, in one format
