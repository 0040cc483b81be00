"""The Django app."""

from django.apps import AppConfig


class WorkerConfig(AppConfig):
    """Registers the commands of ``worker``."""

    name = "worker"
