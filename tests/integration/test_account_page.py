"""A user's own account: password, theme, time zone and sessions."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.backends import db as backend
from django.test import Client
from django.utils import timezone

from jobs.models import Session
from jobs.web.sessions import living
from tests.integration.conftest import a_stored_job, text_of

pytestmark = [pytest.mark.server, pytest.mark.django_db]

OLD, NEW = "old words of mine", "new words of mine"


@pytest.fixture
def viewer(app):
    """Somebody with the fewest rights, logged in."""
    del app
    user = get_user_model().objects.create_user("vera", password=OLD)
    user.groups.set(Group.objects.filter(name="Viewer"))
    client = Client()
    client.force_login(user)
    return client


def _change(client, old=OLD, new=NEW, again=NEW):
    form = {"old_password": old, "new_password1": new, "new_password2": again}
    return client.post("/account/password/", form, follow=True)


def test_viewer_changes_the_own_password(viewer):
    other = Client()
    other.force_login(get_user_model().objects.get(username="vera"))
    assert "The password is changed." in text_of(_change(viewer))
    assert get_user_model().objects.get(username="vera").check_password(NEW)
    assert viewer.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"old": "guess"}, "old password was entered incorrectly"),
        ({"again": "another"}, "didn’t match"),
        ({"new": "password", "again": "password"}, "too common"),
    ],
)
def test_refused_password_change_says_why(viewer, form, problem):
    page = _change(viewer, **form)
    assert page.status_code == 422
    assert problem in text_of(page)
    assert get_user_model().objects.get(username="vera").check_password(OLD)


def test_other_sessions_can_be_ended(viewer):
    vera = get_user_model().objects.get(username="vera")
    others = [Client(), Client()]
    for other in others:
        other.force_login(vera)
    stranger = Client()
    stranger.force_login(get_user_model().objects.create_user("somebody"))
    assert "2 other browsers" in text_of(viewer.get("/account/"))
    assert "2 other sessions ended." in text_of(viewer.post("/account/sessions/", follow=True))
    assert [each.get("/account/").status_code for each in (viewer, *others, stranger)] == [200, 302, 302, 403]


def test_pages_follow_theme_and_time_zone(viewer, app):
    job = a_stored_job(app)
    at = app.jobs.get(job.id).created_at
    assert 'data-zone="Asia/Kolkata"' in text_of(viewer.get("/jobs/"))
    page = text_of(viewer.post("/account/", {"theme": "dark", "time_zone": "america/new York"}, follow=True))
    assert 'data-theme="dark"' in page
    assert "New York time" in page
    page = text_of(viewer.get(f"/jobs/{job.id}/"))
    assert f"({at:%-d %b, %H:%M} UTC)" in page
    assert 'data-zone="America/New_York"' in page


def test_unknown_time_zone_is_refused(viewer):
    page = viewer.post("/account/", {"theme": "", "time_zone": "Mars/Base"})
    assert page.status_code == 422
    assert "is not a time zone" in text_of(page)
    assert 'value="Mars/Base"' in text_of(page)


def test_sessions_of_the_earlier_table_are_copied(db):
    vera = get_user_model().objects.create_user("vera")
    before = backend.SessionStore()
    before.update({SESSION_KEY: str(vera.pk), "theme": "dark"})
    before.save()
    anonymous = backend.SessionStore()
    anonymous.save()
    import_module("jobs.migrations.0005_sessions").copy_sessions(apps, None)
    copied = living(vera.pk).get()
    assert (copied.pk, copied.get_decoded()["theme"]) == (before.session_key, "dark")
    assert Session.objects.count() == 1


def test_expired_sessions_are_not_the_accounts(viewer):
    vera = get_user_model().objects.get(username="vera")
    assert living(vera.pk).count() == 1
    Session.objects.update(expire_date=timezone.now())
    assert living(vera.pk).count() == 0
