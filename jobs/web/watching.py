"""Watches for pages and the API: which watches a caller may change, and the companies of a list."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest

from jobs.bootstrap import application
from jobs.domain.job import Job
from jobs.domain.listing import JobFilter, JobOrder, every
from jobs.domain.watching import Watch, interval_of
from jobs.domain.wrong_use import InvalidWatch, UnknownList
from jobs.web import companies
from jobs.web.api.auth import may
from jobs.web.order_limits import note_role
from jobs.web.permissions import Permission
from jobs.web.request_context import actor

MOST_IN_LIST = 5_000
_AT_ONCE = 500


def may_change(request: HttpRequest, watch: Watch) -> bool:
    """Owners change their watches; users who may see who did what, everybody's."""
    return watch.by == actor(request).name or may(request, Permission.AUDIT)


def changed_list(request: HttpRequest, list_id: str, action: str, reason: str = "", *, everybody: bool = False) -> int:
    """Pause or resume what the caller watches of a list, or what everybody does. Returns the number of watches.

    The caller must have the right AUDIT for everybody's. Raises UnknownList, InvalidWatch.
    """
    found, by, service = application().lists.lists.get(list_id), actor(request), application().watching
    whose = None if everybody else by.name
    if action == "pause":
        return service.pause_list(found.id, whose, reason, by)
    return service.resume_list(found.id, whose, by)


def of_company(request: HttpRequest, cin: str) -> tuple[Watch | None, list[Watch]]:
    """The caller's watch of a company, and those of others."""
    found, name = application().watching.watches.of_company(cin, 20), actor(request).name
    own = next((each for each in found if each.by == name), None)
    return own, [each for each in found if each.by != name]


def watched(request: HttpRequest, cin: str, interval: str) -> Watch:
    """Watch a company. Raises UnknownCompany, InvalidWatch."""
    note_role(request.user)
    return application().watching.watch(companies.checked(cin), interval_of(interval), actor(request))


def watched_list(request: HttpRequest, list_id: str, interval: str) -> int:
    """Watch the companies of a list. Returns the number of new watches. Raises UnknownList, InvalidWatch."""
    chosen, found = interval_of(interval), application().lists.lists.get(list_id)
    if found.done_at is None:
        raise UnknownList(list_id)
    if found.ordered > MOST_IN_LIST:
        raise InvalidWatch(f"A list with more than {MOST_IN_LIST:,} companies cannot be watched as a whole.")
    note_role(request.user)
    return application().watching.watch_list(found.id, _jobs(found.id), chosen, actor(request))


def _jobs(list_id: str) -> Iterator[Job]:
    wanted, catalogue = JobFilter(list_id=list_id), application().catalogue
    return every(lambda cursor: catalogue.jobs(wanted, JobOrder.NEWEST, cursor, _AT_ONCE))
