"""The Django project: configuration, settings, URLs and the local supervisor."""
