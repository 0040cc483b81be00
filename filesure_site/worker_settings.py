"""Django's settings for workers and the scaler: their commands, and nothing of the web."""

INSTALLED_APPS = ["jobs", "worker"]
SECRET_KEY = "a worker signs nothing"  # noqa: S105
USE_TZ = True
LOGGING_CONFIG = None  # each command configures its logs; Django's default imports its mailer
