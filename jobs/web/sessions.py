"""The sessions of the web site: Django's, with the account of each, so that an account's sessions can be found."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import OuterRef, QuerySet
from django.utils import timezone

from jobs.models import Session

_DELETED_AT_ONCE = 500


class SessionStore(DatabaseStore):
    """The setting SESSION_ENGINE names this module, and Django expects this class in it."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = cast(Session, super().create_model_instance(data))
        session.account_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        return session


def living(account_id: int | OuterRef | None) -> QuerySet[Session]:
    """An account's sessions that have not expired."""
    return Session.objects.filter(account_id=account_id, expire_date__gt=timezone.now())


def connect() -> None:
    """Delete expired sessions whenever somebody logs in, which nothing else does. Called once per process."""
    user_logged_in.connect(_delete_expired, dispatch_uid="sessions_expired")


def _delete_expired(**_: Any) -> None:
    old = Session.objects.filter(expire_date__lt=timezone.now()).values_list("pk", flat=True)[:_DELETED_AT_ONCE]
    Session.objects.filter(pk__in=list(old)).delete()
