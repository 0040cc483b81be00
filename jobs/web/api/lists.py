"""The operations on lists of orders."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Header, Query, Router, Status

from jobs.bootstrap import application, new_id
from jobs.domain.job import UNFINISHED
from jobs.domain.listing import Page, parse_cursor
from jobs.domain.order_list import OrderList
from jobs.services import ListRow, Order
from jobs.web import list_mail
from jobs.web.api import inputs, schemas
from jobs.web.api.auth import caller_key, needing
from jobs.web.api.create_job import begun, plan_name
from jobs.web.api.schemas import PROBLEMS
from jobs.web.list_mail import ListMail
from jobs.web.order_limits import limit_of
from jobs.web.permissions import Permission
from jobs.web.request_context import actor

list_router = Router(tags=["lists"], by_alias=True)


@list_router.get("/lists", auth=needing(Permission.VIEW), response={200: schemas.ListsOut, **PROBLEMS})
def list_lists(request: HttpRequest, query: Query[inputs.CursorQuery]) -> Page[OrderList]:
    """A page of lists, newest first."""
    return application().lists.lists.latest(parse_cursor(query.cursor), query.limit)


@list_router.post("/lists", auth=needing(Permission.ORDER), response={201: schemas.ListDetailOut, **PROBLEMS})
def create_list(
    request: HttpRequest, body: inputs.ListIn, idempotency_key: Header[str | None] = None
) -> Status[schemas.ListDetailOut]:
    """Order up to 5,000 companies. Refused rows are returned and stop no other row.

    403 above the monthly limit: nothing is ordered.

    The same Idempotency-Key orders once within a day; after an interruption, the repeated request orders the rest.
    """
    name = plan_name(idempotency_key, caller_key(request)) if idempotency_key is not None else None
    list_id = begun(name, body, [{"listId": new_id()}]).orders[0]["listId"] if name else new_id()
    rows = [
        ListRow(
            line=line,
            order=Order(cin=row.cin, company_name=row.company_name, priority=row.priority, not_before=row.not_before),
        )
        for line, row in enumerate(body.orders, start=1)
    ]
    by, limit = actor(request).name, limit_of(request)
    application().lists.place(list_id, body.name, [rows], requested_by=by, limit=limit)
    return Status(HTTPStatus.CREATED, _details(list_id))


@list_router.get("/lists/{list_id}", auth=needing(Permission.VIEW), response={200: schemas.ListDetailOut, **PROBLEMS})
def get_list(request: HttpRequest, list_id: str) -> schemas.ListDetailOut:
    """One list with its progress and refused rows."""
    return _details(list_id)


@list_router.get(
    "/lists/{list_id}/mail", auth=needing(Permission.VIEW), response={200: schemas.ListMailOut, **PROBLEMS}
)
def get_list_mail(request: HttpRequest, list_id: str) -> ListMail:
    """Your choice of mail about one list."""
    return list_mail.choice_of(actor(request).name, application().lists.lists.get(list_id))


@list_router.put(
    "/lists/{list_id}/mail", auth=needing(Permission.VIEW), response={200: schemas.ListMailOut, **PROBLEMS}
)
def choose_list_mail(request: HttpRequest, list_id: str, body: inputs.ListMailIn) -> ListMail:
    """Choose whether you get an email when the list ends. Overrides your account's choice. Idempotent."""
    name = actor(request).name
    return list_mail.choice_of(name, list_mail.choose(name, list_id, mail=body.mail))


def _details(list_id: str) -> schemas.ListDetailOut:
    stored = application().lists.lists
    found, states = stored.get(list_id), stored.states(list_id)
    expected = application().estimates.of_list(list_id, sum(states[status] for status in UNFINISHED))
    return schemas.ListDetailOut.of(found, states, expected, stored.refused(list_id))
