"""Admins manage the accounts: invitations, roles, and the end of access."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from jobs.domain.audit import Actor, AuditFilter
from jobs.domain.errors import DatabaseUnavailable
from jobs.domain.wrong_use import WrongState
from jobs.models import ExternalIdentity
from jobs.web import accounts, tokens
from jobs.web.permissions import Permission
from jobs.web.sessions import living
from tests.integration.api import caller
from tests.integration.conftest import text_of

pytestmark = [pytest.mark.server, pytest.mark.django_db]

PASSWORD = "a long password of mine"


def an_account(name: str, role: str = "Viewer", **fields):
    user = get_user_model().objects.create_user(name, password=PASSWORD, **fields)
    user.groups.set(Group.objects.filter(name=role))
    return user


def logged_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def asha(app):
    del app
    return an_account("asha", "Admin")


@pytest.fixture
def vera(app):
    del app
    return an_account("vera")


@pytest.fixture
def admin(asha):
    """The browser of an Admin."""
    return logged_in(asha)


def act(client, account, action, **form):
    return client.post(f"/accounts/{account.pk}/{action}/", form, follow=True)


def again(account):
    return get_user_model().objects.get(pk=account.pk)


def link_in(page) -> str:
    return re.search(r'id="link">http://testserver([^<]+)<', text_of(page))[1]


def set_password(link, password=PASSWORD):
    """A stranger's browser opens the link and sets the password."""
    client = Client()
    form = client.get(link, follow=True)
    return client.post(form.request["PATH_INFO"], {"new_password1": password, "new_password2": password}, follow=True)


def invite(client, name="binod", role="Operator", email=""):
    return client.post("/accounts/invite/", {"username": name, "email": email, "role": role})


def audited(app):
    """The audit log, oldest first."""
    entries = app.audit.entries(AuditFilter(), None, 50).items
    return [(entry.by, str(entry.action), entry.details, str(entry.outcome)) for entry in reversed(entries)]


def test_list_shows_role_state_sessions_and_tokens(admin, vera):
    logged_in(vera)
    tokens.issue(vera, "a", [Permission.VIEW], None)
    tokens.revoke(tokens.issue(vera, "b", [Permission.VIEW], None)[0])
    invite(admin)
    page = text_of(admin.get("/accounts/?q=ver"))
    row = page.split("<tbody>")[1].split("</tbody>")[0]
    assert re.findall(r"<td[^>]*>\s*([^<]*?)\s*<", row)[2:3] == ["Viewer"]
    assert re.findall(r'class="numbers wide">(\d+)<', row) == ["1", "1"]
    assert "binod" not in row
    assert "binod" in text_of(admin.get("/accounts/?state=invited"))
    assert "vera" not in text_of(admin.get("/accounts/?state=invited")).split("<tbody>")[1]


def test_invited_user_sets_a_password_once(admin, app):
    page = invite(admin, email="binod@example.com")
    assert page["Cache-Control"] == "no-store"
    link = link_in(page)
    binod = get_user_model().objects.get(username="binod")
    assert (accounts.state_of(binod), accounts.role_of(binod)) == ("invited", "Operator")
    assert "Log in as binod." in text_of(set_password(link))
    assert again(binod).check_password(PASSWORD)
    assert "This link no longer works" in text_of(Client().get(link, follow=True))
    assert audited(app) == [
        ("asha", "invite", "binod, Operator", "done"),
        ("binod", "set_password", "by a link", "done"),
    ]


def test_weak_password_leaves_the_link_working(admin):
    link = link_in(invite(admin))
    assert "too common" in text_of(set_password(link, "password"))
    assert "Log in as binod." in text_of(set_password(link))


def test_link_expires(admin, settings):
    link = link_in(invite(admin))
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "This link no longer works" in text_of(Client().get(link, follow=True))


def test_new_link_replaces_that_of_an_invited_account(admin):
    first = link_in(invite(admin))
    binod = get_user_model().objects.get(username="binod")
    second = link_in(act(admin, binod, "link"))
    assert "This link no longer works" in text_of(Client().get(first, follow=True))
    assert "Log in as binod." in text_of(set_password(second))


def test_link_for_a_forgotten_password_ends_sessions(admin, vera):
    browser = logged_in(vera)
    link = link_in(act(admin, vera, "link"))
    assert browser.get("/account/").status_code == 200
    set_password(link, "quite another one")
    assert browser.get("/account/").status_code == 302
    assert not living(vera.pk).exists()


def test_link_is_mailed_where_mail_is_configured(admin, vera, settings, mailoutbox):
    assert "mailed" not in text_of(invite(admin, email="binod@example.com"))
    settings.EMAIL_HOST = "mail.example.com"
    page = invite(admin, "ravi", email="ravi@example.com")
    assert "It was also mailed to ravi@example.com." in text_of(page)
    (mail,) = mailoutbox
    assert mail.to == ["ravi@example.com"]
    assert f"http://testserver{link_in(page)}\n" in mail.body
    act(admin, vera, "link")  # has no address
    assert len(mailoutbox) == 1


def test_link_is_shown_if_the_mail_fails(admin, settings, mailoutbox, monkeypatch):
    def away(*_args, **_more):
        raise ConnectionRefusedError

    settings.EMAIL_HOST = "mail.example.com"
    monkeypatch.setattr("jobs.web.link_mail.send_mail", away)
    page = invite(admin, email="binod@example.com")
    assert "It could not be mailed to binod@example.com." in text_of(page)
    assert "Log in as binod." in text_of(set_password(link_in(page)))


def test_nobody_is_invited_where_passwords_are_refused(admin, vera, settings):
    settings.SIGN_IN = replace(settings.SIGN_IN, oidc_only=True, oidc_name="Microsoft")
    answer = invite(admin)
    assert answer.status_code == 409
    assert "Everybody signs in with Microsoft." in text_of(answer)
    assert "Everybody signs in with Microsoft." in text_of(act(admin, vera, "link"))
    assert "Invite…" not in text_of(admin.get("/accounts/"))
    assert "Link for a new password" not in text_of(admin.get(f"/accounts/{vera.pk}/"))
    assert not get_user_model().objects.filter(username="binod").exists()


@pytest.mark.parametrize("name", ["vera", "VERA", "", "a b", "x" * 151])
def test_refused_invitation_says_why(admin, vera, name):
    page = invite(admin, name)
    assert page.status_code == 422
    assert 'role="alert"' in text_of(page)
    assert get_user_model().objects.count() == 2


def test_role_is_a_single_choice(admin, vera, app):
    vera.groups.add(Group.objects.create(name="Finance"))
    assert "now has the role Admin" in text_of(act(admin, vera, "role", role="Admin"))
    assert {group.name for group in again(vera).groups.all()} == {"Finance", "Admin"}
    assert again(vera).is_staff
    act(admin, vera, "role", role="Operator")
    assert {group.name for group in again(vera).groups.all()} == {"Finance", "Operator"}
    assert not again(vera).is_staff
    assert "Choose one of the roles." in text_of(act(admin, vera, "role", role="Finance"))
    assert [entry[1:] for entry in audited(app)] == [
        ("change_role", "vera: Viewer to Admin", "done"),
        ("change_role", "vera: Admin to Operator", "done"),
    ]


def test_deactivation_ends_sessions_links_and_tokens(admin, vera, app):
    browser, link = logged_in(vera), link_in(act(admin, vera, "link"))
    call = caller(tokens.issue(vera, "a", [Permission.VIEW], None)[1])
    assert call("GET", "/api/v1/jobs").status_code == 200
    assert "vera is deactivated." in text_of(act(admin, vera, "deactivate"))
    assert (browser.get("/account/").status_code, call("GET", "/api/v1/jobs").status_code) == (302, 401)
    assert not living(vera.pk).exists()
    assert "This link no longer works" in text_of(Client().get(link, follow=True))
    assert "Reactivate the account first" in text_of(act(admin, vera, "link"))
    act(admin, vera, "reactivate")
    assert (browser.get("/account/").status_code, call("GET", "/api/v1/jobs").status_code) == (302, 200)
    assert ("asha", "deactivate", "vera", "done") in audited(app)


def test_sessions_and_tokens_are_ended_one_by_one_or_together(admin, vera):
    browser = logged_in(vera)
    first, *_ = [tokens.issue(vera, name, [Permission.VIEW], None)[0] for name in "abc"]
    other, _ = tokens.issue(an_account("ravi"), "d", [Permission.VIEW], None)
    assert "1 session ended." in text_of(act(admin, vera, "sessions"))
    assert browser.get("/account/").status_code == 302
    assert "1 token revoked." in text_of(act(admin, vera, "tokens", token=first.pk))
    assert "0 tokens revoked." in text_of(act(admin, vera, "tokens", token=other.pk))
    assert "There is no such token." in text_of(act(admin, vera, "tokens", token="x"))
    assert "2 tokens revoked." in text_of(act(admin, vera, "tokens"))
    assert tokens.active("ravi").count() == 1


@pytest.mark.parametrize(("action", "form"), [("role", {"role": "Viewer"}), ("deactivate", {})])
def test_nobody_demotes_or_deactivates_themselves(admin, asha, app, action, form):
    an_account("ravi", "Admin")
    assert "You cannot change your own role" in text_of(act(admin, asha, action, **form))
    assert (again(asha).is_active, accounts.role_of(again(asha))) == (True, "Admin")
    assert audited(app)[-1][3] == "refused"


def test_last_admin_stays(app, asha):
    """Whoever may manage accounts without being an Admin; invited Admins cannot log in yet."""
    manager = an_account("manager")
    manager.user_permissions.add(*asha.groups.get().permissions.filter(codename="change_user"))
    client = logged_in(manager)
    invite(client, "ravi", "Admin")
    assert "asha is the last Admin." in text_of(act(client, asha, "deactivate"))
    assert "asha is the last Admin." in text_of(act(client, asha, "role", role="Viewer"))
    assert (again(asha).is_active, accounts.role_of(again(asha))) == (True, "Admin")


def test_admin_whose_password_is_refused_is_not_the_last_one(app, asha, settings):
    settings.SIGN_IN = replace(settings.SIGN_IN, oidc_issuer="https://login.test", oidc_only=True)
    manager = an_account("manager")
    manager.user_permissions.add(*asha.groups.get().permissions.filter(codename="change_user"))
    client, priya = logged_in(manager), an_account("priya", "Admin")
    ExternalIdentity.objects.create(user=priya, issuer="https://login.test", subject="1")
    get_user_model().objects.update(last_login=timezone.now())
    assert "priya is the last Admin" in text_of(act(client, priya, "deactivate"))
    assert again(priya).is_active
    assert "asha is deactivated." in text_of(act(client, asha, "deactivate"))
    root = get_user_model().objects.create_superuser("root")  # has no password, and the provider refuses superusers
    assert "priya is the last Admin" in text_of(act(client, priya, "deactivate"))
    root.set_password(PASSWORD)
    root.save()
    assert "priya is deactivated." in text_of(act(client, priya, "deactivate"))


@pytest.mark.parametrize("action", ["link", "deactivate", "sessions", "tokens"])
def test_only_superusers_change_superusers(admin, asha, action):
    root = get_user_model().objects.create_superuser("root", password=PASSWORD)
    assert "Only a superuser can change this account." in text_of(act(admin, root, action))
    assert again(root).is_active
    assert "You cannot" not in text_of(act(logged_in(root), asha, action))


def test_admin_who_lost_the_role_meanwhile_changes_nothing(admin, asha, vera):
    stale = get_user_model().objects.get(pk=asha.pk)
    assert stale.has_perm(Permission.ACCOUNTS)
    asha.groups.clear()
    change = accounts.Change(by=stale, actor=Actor(name="asha"), account=vera)
    with pytest.raises(WrongState, match="no longer manage"):
        accounts.deactivate(change)
    assert again(vera).is_active


def test_nothing_changes_if_the_audit_log_is_away(admin, vera, app, monkeypatch):
    def away(*_args):
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(type(app.audit), "add", away)
    assert admin.post(f"/accounts/{vera.pk}/deactivate/").status_code == 503
    assert invite(admin).status_code == 503
    assert again(vera).is_active
    assert not get_user_model().objects.filter(username="binod").exists()
