"""Watches and mail end with the right to have them, however it is lost."""

from __future__ import annotations

import contextlib

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.auth.models import Permission as Right
from django.db import transaction

from jobs.bootstrap import new_id
from jobs.domain.deliveries import Subscription
from jobs.domain.errors import DatabaseUnavailable
from jobs.domain.watching import Interval, Watch
from jobs.models import LostRight
from jobs.web import subscribers
from tests.making import a_cin

pytestmark = [pytest.mark.server, pytest.mark.django_db]

GONE = "The account that watched was deactivated, deleted or renamed."
PAUSED = "The account that watched no longer has the right to watch companies."


@pytest.fixture
def operator() -> User:
    user = User.objects.create_user("olga")
    user.groups.set(Group.objects.filter(name="Operator"))
    return user


@pytest.fixture
def watch(app, operator) -> Watch:
    made = Watch(
        id=new_id(),
        cin=a_cin(),
        company_name="Acme",
        by="olga",
        at=app.clock(),
        interval=Interval.DAILY,
        next_at=app.clock(),
    )
    app.watching.watches.add([made])
    app.notifications.subscriptions.put(Subscription(name="olga", address="o@example.com"))
    return made


def a_group(name: str) -> Group:
    return Group.objects.get(name=name)


def rights(*names: str) -> list[Right]:
    return list(Right.objects.filter(codename__in=names))


def removed_by_the_group(user: User) -> None:
    a_group("Operator").user_set.remove(user)


def loses_a_direct_right(user: User) -> None:
    user.user_permissions.set(rights("view_job", "watch_job"))
    user.groups.clear()
    user.user_permissions.remove(*rights("watch_job"))


def is_no_superuser_any_more(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    user.refresh_from_db()
    user.groups.set([a_group("Viewer")])
    user.is_superuser = False
    user.save()


LOSSES = {
    "another role": (lambda user: user.groups.set([a_group("Viewer")]), True),
    "removed by the group": (removed_by_the_group, False),
    "an empty group": (lambda user: a_group("Operator").user_set.clear(), False),
    "no role": (lambda user: user.groups.clear(), False),
    "a group with fewer rights": (lambda user: a_group("Operator").permissions.remove(*rights("watch_job")), True),
    "a group without rights": (lambda user: a_group("Operator").permissions.clear(), False),
    "a deleted group": (lambda user: a_group("Operator").delete(), False),
    "a direct right": (loses_a_direct_right, True),
    "no superuser": (is_no_superuser_any_more, True),
}


@pytest.mark.parametrize(("lose", "keeps_mail"), LOSSES.values(), ids=LOSSES)
def test_lost_right_ends_what_it_allowed(app, operator, watch, django_capture_on_commit_callbacks, lose, keeps_mail):
    operator.has_perm("jobs.watch_job")  # Django keeps the answer
    with django_capture_on_commit_callbacks(execute=True):
        lose(operator)
    assert app.watching.watches.get(watch.id).paused_reason == PAUSED
    assert (app.notifications.subscriptions.get("olga").address != "") is keeps_mail


def test_higher_role_keeps_watches_and_mail(app, operator, watch, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        operator.groups.set([a_group("Admin")])
    assert len(callbacks) == 1
    assert app.watching.watches.get(watch.id) == watch
    assert app.notifications.subscriptions.get("olga").address == "o@example.com"


def is_deactivated(user: User) -> None:
    user.is_active = False
    user.save(update_fields=["is_active"])


def is_renamed(user: User) -> None:
    user.username = "olga.k"
    user.save()


@pytest.mark.parametrize("lose", [is_deactivated, is_renamed, lambda user: user.delete()])
def test_account_that_is_gone_has_neither_watches_nor_mail(
    app, operator, watch, django_capture_on_commit_callbacks, lose
):
    with django_capture_on_commit_callbacks(execute=True):
        lose(operator)
    assert app.watching.watches.get(watch.id).paused_reason == GONE
    assert app.notifications.subscriptions.get("olga").address == ""
    assert not LostRight.objects.exists()


def test_process_that_dies_after_the_change_loses_nothing(app, operator, watch, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=False):
        is_deactivated(operator)
    assert app.watching.watches.get(watch.id) == watch
    subscribers.settle()  # as another process does when it starts
    assert app.watching.watches.get(watch.id).paused_reason == GONE


def test_rights_end_while_mongodb_does_not_answer(
    app, operator, watch, django_capture_on_commit_callbacks, monkeypatch
):
    """No call of MongoDB in the transaction, which keeps other accounts waiting; what failed is tried again."""

    def fails(*_: object) -> None:
        raise DatabaseUnavailable("It is down.")

    waits: list[float] = []
    monkeypatch.setattr(subscribers, "settle_in", waits.append)
    with monkeypatch.context() as down:
        down.setattr(type(app.watching.watches), "pause_all", fails)
        down.setattr(type(app.notifications.subscriptions), "remove", fails)
        down.setattr(app, "ping", fails)
        with django_capture_on_commit_callbacks(execute=True):
            operator.groups.clear()
    assert (operator.groups.count(), LostRight.objects.count(), waits) == (0, 1, [30.0])
    subscribers.settle()
    assert app.watching.watches.get(watch.id).paused_reason == PAUSED
    assert app.notifications.subscriptions.get("olga").address == ""


def test_request_ends_only_what_it_changed(app, operator, django_capture_on_commit_callbacks):
    """It does not wait for the accounts of other requests while MongoDB is slow."""
    app.ping()
    LostRight.objects.create(username="another", is_gone=True)
    with django_capture_on_commit_callbacks(execute=True):
        is_deactivated(operator)
    assert LostRight.objects.get().username == "another"
    subscribers.settle()
    assert not LostRight.objects.exists()


def test_change_that_is_rolled_back_ends_nothing(operator):
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        is_deactivated(operator)
        1 / 0  # noqa: B018
    assert not LostRight.objects.exists()
