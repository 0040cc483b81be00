"""The sessions of the web site: Django's, with the account of each, so that an account's sessions can be found."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.utils import timezone

from jobs.models import Session


class SessionStore(DatabaseStore):
    """The setting SESSION_ENGINE names this module, and Django expects this class in it."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = cast(Session, super().create_model_instance(data))
        session.account_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        return session


def living(account_id: int | None) -> QuerySet[Session]:
    """An account's sessions that have not expired."""
    return Session.objects.filter(account_id=account_id, expire_date__gt=timezone.now())
