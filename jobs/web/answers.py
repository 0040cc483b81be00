"""HTTP status and message for each of our errors, in one table for pages and the API."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from jobs.domain import errors, wrong_use
from jobs.domain.allowances import MonthlyLimit

logger = logging.getLogger(__name__)

UNAVAILABLE = "A service behind Filesure does not answer. Try again soon."
_RETRY_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The response to a request that raised an error."""

    status: HTTPStatus
    headers: Mapping[str, str] = field(default_factory=dict)
    #: The error's own message may name servers, so it is only logged.
    is_private: bool = False

    def with_headers(self, response: HttpResponse) -> HttpResponse:
        for name, value in self.headers.items():
            response[name] = value
        return response


_NOT_FOUND = Answer(status=HTTPStatus.NOT_FOUND)
_GONE = Answer(status=HTTPStatus.GONE)
_CONFLICT = Answer(status=HTTPStatus.CONFLICT)

ANSWERS: Mapping[type[errors.FilesureError], Answer] = {
    wrong_use.InvalidJobId: _NOT_FOUND,
    wrong_use.UnknownJob: _NOT_FOUND,
    wrong_use.UnknownCompany: _NOT_FOUND,
    wrong_use.UnknownDocument: _NOT_FOUND,
    wrong_use.UnknownRun: _NOT_FOUND,
    wrong_use.UnknownList: _NOT_FOUND,
    wrong_use.UnknownBulkAction: _NOT_FOUND,
    wrong_use.UnknownWatch: _NOT_FOUND,
    wrong_use.UnknownEndpoint: _NOT_FOUND,
    wrong_use.UnknownDelivery: _NOT_FOUND,
    wrong_use.UnknownExport: _NOT_FOUND,
    wrong_use.UnknownPart: _NOT_FOUND,
    wrong_use.UnknownLink: _NOT_FOUND,
    wrong_use.ExportExpired: _GONE,
    wrong_use.LinkEnded: _GONE,
    wrong_use.UnknownView: _NOT_FOUND,
    errors.BlobNotFound: _NOT_FOUND,
    MonthlyLimit: Answer(status=HTTPStatus.FORBIDDEN),
    wrong_use.WrongState: _CONFLICT,
    wrong_use.AlreadyOrdered: _CONFLICT,
    wrong_use.ViewNameTaken: _CONFLICT,
    wrong_use.TooManyViews: _CONFLICT,
    errors.WrongUse: Answer(status=HTTPStatus.UNPROCESSABLE_ENTITY),
    errors.TooSlow: Answer(status=HTTPStatus.SERVICE_UNAVAILABLE),
    errors.FilesureError: Answer(
        status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(_RETRY_SECONDS)}, is_private=True
    ),
}
"""The nearest class decides. The last row is for what the caller cannot change: the same request may succeed later."""


def answer_to(request: HttpRequest, error: errors.FilesureError) -> Answer:
    """The response to an error. Errors that staff must investigate are logged."""
    answer = next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
    if answer.is_private:
        logger.error("web.unavailable", extra={"path": request.path, "kind": error.kind, "reason": str(error)})
    return answer
