"""Creates the use cases of saved views."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jobs.adapters.mongo.saved_views import MongoSavedViewRepository
from jobs.services import ViewService

if TYPE_CHECKING:
    from jobs.bootstrap import Application


def view_service(app: Application, new_id: Callable[[], str]) -> ViewService:
    return ViewService(views=MongoSavedViewRepository(app.database), audit=app.audit, clock=app.clock, new_id=new_id)
