"""The Django app."""

from django.apps import AppConfig


class WorkerConfig(AppConfig):
    """The app whose management commands ``manage.py`` offers."""

    name = "worker"
