"""Checks of the settings for ``manage.py check --deploy``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004  Django's name for it


@register(Tags.security, deploy=True)
def passkeys_work(**_: Any) -> list[CheckMessage]:
    """Whether users can have passkeys."""
    problem = settings.PASSKEYS.problem
    return [Warning(problem, id="filesure.W001")] if problem else []
