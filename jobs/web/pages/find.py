"""Search everywhere: companies, jobs, documents by SRN, pages and actions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from jobs.bootstrap import application
from jobs.domain.company_id import as_stored, kind_of
from jobs.domain.directory import ListedCompany
from jobs.domain.listing import JobFilter, JobOrder
from jobs.web.access import needs
from jobs.web.directory import suggestions
from jobs.web.permissions import Permission
from jobs.web.request_context import is_partial

_EACH = 6
_SRN = re.compile(r"[A-Z]{1,2}[0-9]{7,8}")


@dataclass(frozen=True)
class Place:
    """A page or an action: the words that find it, and the right that it needs."""

    title: str
    url_name: str
    permission: Permission = Permission.VIEW
    query: str = ""
    words: str = ""

    @property
    def url(self) -> str:
        return reverse(self.url_name) + self.query


PLACES = (
    Place("Dashboard", "home", words="overview health backlog chart"),
    Place("Jobs", "jobs", words="list orders"),
    Place("Failed jobs", "jobs", query="?status=failed"),
    Place("Partial jobs", "jobs", query="?status=partial", words="missing"),
    Place("Jobs in progress", "jobs", query="?status=processing", words="running"),
    Place("Companies", "companies"),
    Place("Documents", "documents", words="filings forms"),
    Place("Search documents", "text_search", words="text content words phrases director auditor din amount"),
    Place("Watches", "watches", words="new filings recheck daily weekly monthly"),
    Place("ZIP exports", "exports", words="download packed links"),
    Place("Usage", "usage", words="orders bytes pages month"),
    Place("Failures by reason", "failures", words="errors retry"),
    Place("Bulk actions", "bulk_actions", words="many jobs progress retry cancel"),
    Place("Workers", "workers"),
    Place("Order filings", "order", Permission.ORDER, words="new company list csv upload"),
    Place("Export jobs as CSV", "export", words="download"),
    Place("Pause the queue", "pause", Permission.PAUSE, words="resume stop"),
    Place("Audit", "audit", Permission.AUDIT, words="who log activity"),
    Place("Accounts", "accounts", Permission.ACCOUNTS, words="users people roles"),
    Place("Invite a user", "account_invite", Permission.ACCOUNTS, words="new account add"),
    Place("Webhooks", "webhooks", Permission.WEBHOOK, words="endpoints slack teams notifications events"),
    Place("Deliveries", "deliveries", Permission.WEBHOOK, words="log mail webhooks resend"),
    Place("API tokens", "tokens", words="secret bearer"),
    Place("API reference", "api:openapi-view", words="documentation openapi"),
    Place("Saved views", "views", words="filters shared"),
    Place("Your account", "account", words="password theme dark time zone sessions mail notifications"),
)


@needs(Permission.VIEW)
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """The results as a page, or for the box at the top as a list."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    allowed = (place for place in PLACES if request.user.has_perm(place.permission))
    places = [place for place in allowed if _matches(f"{place.title} {place.words}", text)]
    places.sort(key=lambda place: not _matches(place.title, text))  # what is called so comes first
    context: dict[str, object] = {"text": text, "is_new": not text, "places": places[:_EACH] if text else places}
    if len(text) > 1:
        srn = text.upper()
        context |= {
            "jobs": application().catalogue.jobs(JobFilter(text=text), JobOrder.NEWEST, None, _EACH).items,
            "companies": application().companies.found(text, _EACH),
            # A user who types the name of a page means that page.
            "listed": _never_ordered(text) if request.user.has_perm(Permission.ORDER) and not places else [],
            "documents": application().catalogue.documents_with_srn(srn, _EACH) if _SRN.fullmatch(srn) else [],
        }
        if not context["companies"] and not context["listed"] and request.user.has_perm(Permission.ORDER):
            identifier = as_stored(text)
            context["unlisted"] = identifier if kind_of(identifier) else ""
    response = render(request, "_found.html" if is_partial(request) else "find.html", context)
    patch_vary_headers(response, ["HX-Request"])  # the part must not be shown as the page when a user goes back
    return response


def _never_ordered(text: str) -> list[ListedCompany]:
    """Companies of the directory; those that were ordered are found as such."""
    listed = suggestions(text, _EACH + 2)
    ordered = application().companies.ordered([each.id for each in listed])
    return [each for each in listed if each.id not in ordered][:_EACH]


def _matches(place: str, text: str) -> bool:
    """Whether each word of the text begins a word of the place."""
    words = place.casefold().split()
    return all(any(word.startswith(each) for word in words) for each in text.casefold().split())
