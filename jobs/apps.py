"""The Django app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Registers the commands of ``jobs``."""

    name = "jobs"
