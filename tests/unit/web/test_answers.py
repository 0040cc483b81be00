"""One table maps errors to responses of pages and API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from jobs.domain.allowances import MonthlyOrders
from jobs.domain.errors import FilesureError, TooSlow
from jobs.domain.wrong_use import InvalidCin, InvalidJobId, WrongState
from jobs.web.api.problems import _ours
from jobs.web.middleware import ErrorsMiddleware


def kinds(error: type[FilesureError]) -> Iterator[type[FilesureError]]:
    yield error
    for kind in error.__subclasses__():
        yield from kinds(kind)


def asked(kind: type[FilesureError]):
    """The responses of a page and of the API to this kind of error."""
    error = Exception.__new__(kind, "secret-host")
    error.job_id, error.cin, error.orders = None, "", MonthlyOrders(used=1, limit=1, renews=date(2026, 2, 1))
    request = RequestFactory().get("/")
    request.user, request.resolver_match = AnonymousUser(), None
    return ErrorsMiddleware(lambda _: None).process_exception(request, error), _ours(request, error)


@pytest.mark.parametrize("kind", sorted(kinds(FilesureError), key=lambda kind: kind.__name__))
def test_pages_and_the_api_agree(kind):
    page, problem = asked(kind)
    assert page.status_code == problem.status_code
    assert page.headers.get("Retry-After") == problem.headers.get("Retry-After")
    shown = {b"secret-host" in page.content, b"secret-host" in problem.content}
    assert shown == {"Retry-After" not in page.headers}


@pytest.mark.parametrize(
    ("kind", "status"), [(InvalidJobId, 404), (WrongState, 409), (InvalidCin, 422), (TooSlow, 503)]
)
def test_the_nearest_class_decides_the_status(kind, status):
    assert asked(kind)[0].status_code == status
