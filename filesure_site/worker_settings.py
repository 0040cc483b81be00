"""Django's settings for the commands of workers and the scaler, without the web site."""

INSTALLED_APPS = ["jobs", "worker"]
SECRET_KEY = "a worker signs nothing"  # noqa: S105
USE_TZ = True
LOGGING_CONFIG = None  # commands configure their logs; Django's default would import its mailer
