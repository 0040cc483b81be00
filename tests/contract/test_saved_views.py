"""Saved views, in every implementation, and the use cases over them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bson import ObjectId

from jobs.adapters.memory import MemoryAuditLog, MemorySavedViewRepository
from jobs.adapters.mongo.saved_views import MongoSavedViewRepository
from jobs.domain.audit import Actor, AuditFilter
from jobs.domain.saved_view import LONGEST_NAME, LONGEST_QUERY, MOST_VIEWS, Listing, SavedView
from jobs.domain.wrong_use import InvalidView, TooManyViews, UnknownView, ViewNameTaken
from jobs.ports import SavedViewRepository
from jobs.services import ViewService


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def views(request) -> SavedViewRepository:
    if request.param == "memory":
        return MemorySavedViewRepository()
    database = request.getfixturevalue("database")
    database["saved_views"].delete_many({})
    return MongoSavedViewRepository(database)


@pytest.fixture
def service(views, clock) -> ViewService:
    return ViewService(views=views, audit=MemoryAuditLog(), clock=clock, new_id=lambda: str(ObjectId()))


@pytest.fixture
def stored(views, clock):
    """``stored(name, …)`` adds a view of asha's."""

    def add(name: str, **changes) -> SavedView:
        view = SavedView(
            id=str(ObjectId()),
            owner="asha",
            listing=Listing.JOBS,
            name=name,
            query="status=failed",
            is_shared=False,
            created_at=clock(),
        )
        view = replace(view, **changes)
        views.add(view)
        return view

    return add


def test_views_are_listed_by_name_for_each_list_and_owner(views, stored):
    second, first = stored("b"), stored("a")
    stored("a", listing=Listing.DOCUMENTS)
    others = stored("a", owner="ravi", is_shared=True)
    assert views.of("asha", Listing.JOBS, 10) == [first, second]
    assert views.of("asha", Listing.JOBS, 1) == [first]
    assert views.shared(Listing.JOBS, 10) == [others]
    assert views.of("nobody", Listing.JOBS, 10) == []


def test_view_is_changed_shared_and_deleted(views, stored):
    view = stored("a")
    changed = view.changed(name=" other  name ", query="q=x", is_shared=True)
    views.save(changed)
    assert views.get(view.id) == changed
    assert changed.name == "other name"
    assert views.shared(Listing.JOBS, 10) == [changed]
    views.save(view)
    assert (views.get(view.id), views.shared(Listing.JOBS, 10)) == (view, [])
    views.delete(view.id)
    views.delete(view.id)
    with pytest.raises(UnknownView):
        views.get(view.id)
    with pytest.raises(UnknownView):
        views.save(view)


def test_names_of_one_owner_are_unique_within_a_list(views, stored):
    stored("a")
    other = stored("b")
    with pytest.raises(ViewNameTaken):
        stored("a")
    with pytest.raises(ViewNameTaken):
        views.save(replace(other, name="a"))
    assert views.get(other.id) == other
    stored("a", owner="ravi")
    stored("a", listing=Listing.COMPANIES)


@pytest.mark.parametrize("view_id", ["0" * 24, "nonsense"])
def test_unknown_view_is_reported(views, view_id):
    with pytest.raises(UnknownView):
        views.get(view_id)


def test_private_views_are_the_owners_and_shared_ones_everybodys(service, stored):
    own, shared = stored("b"), stored("A", is_shared=True)
    stored("c", owner="ravi")
    others = stored("d", owner="ravi", is_shared=True)
    assert service.available("asha", Listing.JOBS) == ([shared, own], [others])
    assert service.available("vera", Listing.JOBS) == ([], [shared, others])
    assert service.get(shared.id, "vera") == shared
    with pytest.raises(UnknownView):
        service.get(own.id, "vera")


@pytest.mark.parametrize(
    ("name", "query"),
    [("", "q=a"), ("  ", "q=a"), ("x" * (LONGEST_NAME + 1), "q=a"), ("a\x00", "q=a"), ("a", ""), ("a", "q" * 2001)],
)
def test_invalid_views_are_refused(service, stored, name, query):
    view = stored("a")
    with pytest.raises(InvalidView):
        service.add("asha", Listing.JOBS, name=name, query=query, is_shared=False)
    with pytest.raises(InvalidView):
        service.change(view, Actor(name="asha"), name=name, query=query, is_shared=False)
    assert service.get(view.id, "asha") == view
    assert len(query) <= LONGEST_QUERY + 1


def test_number_of_views_is_bounded_for_each_user_and_list(service):
    for number in range(MOST_VIEWS):
        service.add("asha", Listing.JOBS, name=f"{number}", query="q=a", is_shared=False)
    with pytest.raises(TooManyViews):
        service.add("asha", Listing.JOBS, name="more", query="q=a", is_shared=False)
    service.add("asha", Listing.DOCUMENTS, name="more", query="q=a", is_shared=False)
    service.add("ravi", Listing.JOBS, name="more", query="q=a", is_shared=False)


def test_what_is_done_to_the_views_of_others_is_audited(service, stored):
    view = stored("a", is_shared=True)
    for name in ("asha", "root"):
        view = service.change(view, Actor(name=name), name=f"{name}'s", query="q=a", is_shared=True)
    service.delete(view, Actor(name="root"))
    log = [(each.by, each.action, each.details) for each in service.audit.entries(AuditFilter(), None, 9).items]
    assert log == [("root", "delete_view", "root's, of asha"), ("root", "change_view", "asha's, of asha")]
