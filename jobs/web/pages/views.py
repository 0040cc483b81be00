"""Saved views of lists: the page of all, and one with its name, sharing and deletion."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from jobs.bootstrap import application
from jobs.domain.saved_view import LONGEST_NAME, LONGEST_QUERY, Listing, SavedView
from jobs.domain.wrong_use import InvalidView, TooManyViews, ViewNameTaken
from jobs.web.access import needs, refuse
from jobs.web.answers import answer_to
from jobs.web.permissions import Permission
from jobs.web.request_context import actor
from jobs.web.saved_views import FORMS, address_of, canonical, invalid_filters

_REFUSALS = (InvalidView, ViewNameTaken, TooManyViews)


@needs(Permission.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def views(request: HttpRequest) -> HttpResponse:
    """All views that the user sees, by list. A POST saves one, and opens it."""
    user = request.user.get_username()
    if request.method == "POST":
        return _add(request, user)
    available = {listing: application().views.available(user, listing) for listing in Listing}
    rows = [
        (listing, [(each, invalid_filters(each)) for each in (*own, *shared)])
        for listing, (own, shared) in available.items()
    ]
    return render(request, "views.html", {"lists": [each for each in rows if each[1]], "manages": _manages(request)})


def _add(request: HttpRequest, user: str) -> HttpResponse:
    given = request.POST.get("listing", "")
    if given not in list(Listing):
        raise InvalidView("There are no views of this list.")
    listing, name, is_shared = Listing(given), request.POST.get("name", ""), "shared" in request.POST
    query = _query(request, listing)
    try:
        _check(listing, query)
        view = application().views.add(user, listing, name=name, query=query, is_shared=is_shared)
    except _REFUSALS as refused:
        context = {"listing": listing, "query": query, "name": name, "is_shared": is_shared, "error": str(refused)}
        return _form(request, context, answer_to(request, refused).status)
    messages.success(request, f"The view “{view.name}” is saved.")
    return HttpResponseRedirect(address_of(view))


@needs(Permission.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def view(request: HttpRequest, view_id: str) -> HttpResponse:
    """The view's name and sharing. A POST changes these, or its filters to those of the list, and opens it."""
    stored = application().views.get(view_id, request.user.get_username())
    if not _may_change(request, stored):
        return refuse(request, f"Only {stored.owner} or an Admin can change this view. You can save one like it.")
    name, is_shared, query = stored.name, stored.is_shared, stored.query
    context = {"view": stored, "listing": stored.listing}
    if request.method != "POST":
        return _form(request, {**context, "name": name, "is_shared": is_shared})
    if "name" in request.POST:
        name, is_shared = request.POST["name"], "shared" in request.POST
    try:
        if "query" in request.POST:
            query = _query(request, stored.listing)
            _check(stored.listing, query)
        changed = application().views.change(stored, actor(request), name=name, query=query, is_shared=is_shared)
    except _REFUSALS as refused:
        context = {**context, "name": name, "is_shared": is_shared, "error": str(refused)}
        return _form(request, context, answer_to(request, refused).status)
    messages.success(request, f"The view “{changed.name}” is saved.")
    return HttpResponseRedirect(address_of(changed))


@needs(Permission.VIEW)
@require_POST
def view_delete(request: HttpRequest, view_id: str) -> HttpResponse:
    stored = application().views.get(view_id, request.user.get_username())
    if not _may_change(request, stored):
        return refuse(request, f"Only {stored.owner} or an Admin can delete this view.")
    application().views.delete(stored, actor(request))
    messages.success(request, f"The view “{stored.name}” is deleted.")
    return HttpResponseRedirect(reverse("views"))


def _query(request: HttpRequest, listing: Listing) -> str:
    return canonical(listing, QueryDict(request.POST.get("query", "")[: LONGEST_QUERY + 1]))


def _check(listing: Listing, query: str) -> None:
    if ignored := FORMS[listing](QueryDict(query)).ignored:
        raise InvalidView(f"{ignored} Remove them, then save the view.")


def _manages(request: HttpRequest) -> bool:
    """Whether the user may change shared views of others: those of a deactivated user stay."""
    return request.user.has_perm(Permission.ACCOUNTS)


def _may_change(request: HttpRequest, stored: SavedView) -> bool:
    return stored.owner == request.user.get_username() or _manages(request)


def _form(request: HttpRequest, context: Mapping[str, object], status: int = HTTPStatus.OK) -> HttpResponse:
    return render(request, "view_form.html", {**context, "longest_name": LONGEST_NAME}, status=status)
