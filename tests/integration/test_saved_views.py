"""Saved views on the pages of the lists."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.http import QueryDict
from django.test import Client

from jobs.domain.audit import AuditFilter
from jobs.domain.saved_view import Listing
from jobs.web.saved_views import canonical
from tests.integration.conftest import text_of

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def _client(name: str, role: str = "Viewer") -> Client:
    user = get_user_model().objects.create_user(name)
    user.groups.set(Group.objects.filter(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def vera(app):
    del app
    return _client("vera")


@pytest.fixture
def ravi(app):
    del app
    return _client("ravi")


def save(client, name="Failed", query="status=failed&order=oldest", listing="jobs", **form):
    return client.post("/views/", {"name": name, "query": query, "listing": listing, **form})


def menu_of(client, path) -> dict[str, str]:
    """The links of the menu, and under "current" the highlighted one."""
    part = text_of(client.get(path)).split('aria-label="Saved views"')[1].split("</nav>")[0]
    found = re.findall(r'<a [^>]*?href="([^"]+)"([^>]*)>\s*([^<]*?)\s*(?:<|$)', part)
    links = {name: html.unescape(path) for path, _, name in found}
    return links | {"current": next((name for _, more, name in found if "aria-current" in more), "")}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("", ""),
        ("cursor=abc&view=1&fly=2&order=newest&q=+&by=", ""),
        ("columns=changed&columns=runs&columns=by&columns=documents&columns=created&columns=priority", ""),
        ("order=oldest&status=failed&q=+acme+", "q=acme&status=failed&order=oldest"),
        ("status=partial&status=failed", "status=failed&status=partial"),
        ("columns=runs&priority=11", "priority=11&columns=runs"),
    ],
)
def test_address_is_reduced_to_what_differs_from_the_default(given, wanted):
    assert canonical(Listing.JOBS, QueryDict(given)) == wanted


def test_each_list_has_its_default_order():
    found = {
        (listing, order): canonical(listing, QueryDict(f"order={order}"))
        for listing in (Listing.DOCUMENTS, Listing.COMPANIES)
        for order in ("newest", "company")
    }
    assert [key for key, query in found.items() if not query] == [
        (Listing.DOCUMENTS, "newest"),
        (Listing.COMPANIES, "company"),
    ]


@pytest.mark.parametrize(
    ("listing", "query"),
    [("jobs", "status=failed"), ("documents", "form=MGT-7&order=filed"), ("companies", "order=newest")],
)
def test_saved_view_is_opened_and_highlighted(vera, listing, query):
    assert menu_of(vera, f"/{listing}/")["current"] == f"All {listing}"
    answer = save(vera, "Mine", f"{query}&cursor=x", listing)
    view_id = answer["Location"].partition("view=")[2]
    assert answer["Location"] == f"/{listing}/?{query}&view={view_id}"
    links = menu_of(vera, answer["Location"])
    assert (links["Mine"], links["current"]) == (answer["Location"], "Mine")
    assert menu_of(vera, f"/{listing}/?{query}")["current"] == "Mine"
    page = text_of(vera.get(answer["Location"]))
    assert "Save as…" not in page
    assert "Save view…" not in page


def test_changed_filters_can_be_saved_or_saved_as(vera):
    view_id = save(vera)["Location"].partition("view=")[2]
    changed = f"/jobs/?status=partial&view={view_id}"
    page = text_of(vera.get(changed))
    assert "Save as…" in page
    assert menu_of(vera, changed)["current"] == "Failed"
    assert f'action="/views/{view_id}/"' in page
    answer = vera.post(f"/views/{view_id}/", {"query": "status=partial"})
    assert answer["Location"] == changed
    assert menu_of(vera, changed)["Failed"] == changed
    assert "Save as…" not in text_of(vera.get(changed))


def test_shared_view_is_everybodys_and_changed_by_its_owner(vera, ravi, app):
    view_id = save(vera)["Location"].partition("view=")[2]
    assert "Failed" not in menu_of(ravi, "/jobs/")
    assert ravi.get(f"/views/{view_id}/").status_code == 404
    vera.post(f"/views/{view_id}/", {"name": "Broken", "shared": "on"})
    path = menu_of(ravi, "/jobs/")["Broken"]
    assert menu_of(ravi, path)["current"] == "Broken"
    page = text_of(ravi.get(f"/jobs/?status=partial&view={view_id}"))
    assert "Save as…" in page
    assert f'action="/views/{view_id}/"' not in page
    for answer in (ravi.post(f"/views/{view_id}/", {"name": "x"}), ravi.post(f"/views/{view_id}/delete/")):
        assert answer.status_code == 403
        assert "Only vera or an Admin can" in text_of(answer)
    get_user_model().objects.filter(username="vera").update(is_active=False)
    assert "Broken" in menu_of(ravi, "/jobs/")
    admin = _client("asha", "Admin")
    assert "is deleted" in text_of(admin.post(f"/views/{view_id}/delete/", follow=True))
    assert "This view was deleted, or is no longer shared." in text_of(ravi.get(path))
    assert app.audit.entries(AuditFilter(), None, 5).items[0].details == "Broken, of vera"


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        ({"name": " "}, 422, "Give the view a name."),
        ({"name": "x" * 61}, 422, "the limit is 60"),
        ({"query": "order=newest"}, 422, "Choose a filter or an order first"),
        ({"query": "status=flying"}, 422, "ignored: status. Remove them"),
        ({"query": f"q={'ü' * 200}&by={'ü' * 150}"}, 422, "too long"),
        ({"name": "Taken"}, 409, "already a view named “Taken”"),
        ({"listing": "audit"}, 422, "There are no views of this list."),
    ],
)
def test_refused_view_says_why_and_keeps_the_input(vera, form, status, sentence):
    save(vera, "Taken")
    answer = save(vera, **form)
    assert answer.status_code == status
    assert sentence in text_of(answer)
    if "name" in form and form["name"].strip():
        assert f'value="{form["name"]}"' in text_of(answer)


def test_view_with_an_invalid_filter_opens_with_a_sentence(vera, app):
    view = app.views.add("vera", Listing.JOBS, name="Old", query="status=flying&q=a", is_shared=False)
    page = text_of(vera.get(f"/jobs/?status=flying&q=a&view={view.id}"))
    assert "The view “Old” is no longer valid in full." in page
    assert "These filters have invalid values and were ignored: status." in page
    assert f'href="/views/{view.id}/">Change or delete the view' in page
    assert "ignored: status" in text_of(vera.get("/views/"))


def test_all_views_are_listed_with_their_filters(vera):
    save(vera, query="status=failed&by=asha&order=oldest&columns=runs")
    save(vera, "Annual", "form=MGT-7&order=largest", "documents", shared="on")
    save(vera, "Latest", "order=newest", "companies")
    page = text_of(vera.get("/views/"))
    assert "State: failed; By: asha; Oldest first; Columns: Runs" in page
    assert "Form: MGT-7; Largest first" in page
    assert "Latest order first" in page
    assert "everybody" in page


def test_view_is_no_filter_of_exports_and_bulk_actions(vera, staff):
    path = save(vera, shared="on")["Location"]
    page = text_of(staff.get(path))
    assert 'name="filters" value="status=failed&amp;order=oldest"' in re.sub(r"\s+", " ", page)
    assert "/jobs/export.csv?status=failed&amp;order=oldest" in page
