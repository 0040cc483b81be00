"""Asks users for their password, since an open session alone must not decide how an account logs in."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest

from jobs.domain.errors import WrongUse
from jobs.web.request_context import asked_this_minute

PER_MINUTE = 20


def check(request: HttpRequest, user: User) -> None:
    """Check the form's ``password``, at most PER_MINUTE times in a minute for an address. Raises WrongUse."""
    if asked_this_minute(request, "own_password") > PER_MINUTE:
        raise WrongUse("There were too many attempts. Try again in a minute.")
    if not user.check_password(request.POST.get("password", "")):
        raise WrongUse("The current password is wrong.")
