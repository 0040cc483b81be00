"""The monthly limit of a role: on each way to order, its sentence and status, and what is left."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.html import strip_tags

from jobs.web import tokens
from jobs.web.order_limits import note_role
from jobs.web.permissions import Permission
from tests.integration.api import caller, is_problem
from tests.integration.conftest import ordered, text_of
from tests.making import a_cin

pytestmark = [pytest.mark.server, pytest.mark.django_db]

LIMIT = 4


@pytest.fixture
def limited(app):
    """Operators may order four companies a month."""
    app.configuration = replace(app.configuration, orders_per_month=(("Operator", LIMIT),))
    yield app
    app.configuration = replace(app.configuration, orders_per_month=())


@pytest.fixture
def asha(limited, client, django_user_model):
    user = django_user_model.objects.create_user("asha")
    user.groups.add(Group.objects.get(name="Operator"))
    client.force_login(user)
    return user


@pytest.fixture
def ask(asha):
    _, secret = tokens.issue(asha, "tests", [Permission.VIEW, Permission.ORDER], None)
    return caller(secret)


def one(cin: str | None = None) -> dict[str, str]:
    return {"cin": cin or a_cin(), "companyName": "Acme"}


def rows(number: int) -> str:
    return "\n".join(f"{a_cin()}, Acme" for _ in range(number))


def words(answer) -> str:
    return " ".join(strip_tags(text_of(answer)).split())


def test_api_refuses_orders_above_the_limit(ask, limited):
    orders = {"name": "Monday", "orders": [one(), one(), one()]}
    assert ask("POST", "/api/v1/lists", orders, **{"Idempotency-Key": "k"}).status_code == 201
    assert ask("POST", "/api/v1/lists", orders, **{"Idempotency-Key": "k"}).json()["ordered"] == 3
    for path, body in (
        ("/api/v1/lists", {"name": "Tuesday", "orders": [one(), one()]}),
        ("/create-job", {"num_jobs": 2}),
    ):
        refused = ask("POST", path, body)
        assert is_problem(refused, 403, "monthly_limit")
        problem = refused.json()
        assert problem["detail"].startswith("You have ordered 3 of 4 this month; this list has 2.")
        assert (problem["ordered"], problem["limit"]) == (3, LIMIT)
    last, key = one(), {"Idempotency-Key": "j"}
    assert ask("POST", "/api/v1/jobs", last, **key).status_code == 201
    assert ask("POST", "/api/v1/jobs", last, **key).status_code == 201
    assert ask("POST", "/api/v1/jobs", last).status_code == 409
    assert is_problem(ask("POST", "/api/v1/jobs", one()), 403, "monthly_limit")
    assert is_problem(ask("POST", "/create-job", one()), 403, "monthly_limit")
    assert len(ordered(limited)) == LIMIT


def test_order_page_shows_what_is_left(client, asha, limited):
    assert "0 of 4 ordered this month, 4 left" in words(client.get("/order/"))
    for _ in range(LIMIT):
        assert client.post("/order/", {"cin": a_cin(), "company": "Acme"}).status_code == 302
    refused = client.post("/order/", {"cin": a_cin(), "company": "Acme"})
    assert (refused.status_code, "You have ordered 4 of 4 this month." in words(refused)) == (403, True)
    assert "4 of 4 ordered this month, 0 left" in words(client.get("/usage/"))
    assert "You have ordered 4 of 4" in words(client.post("/order/simulated/", {"count": "3"}, follow=True))
    assert len(ordered(limited)) == LIMIT


def test_preview_refuses_a_list_above_the_limit(client, asha, limited):
    client.post("/order/", {"cin": a_cin(), "company": "Acme"})
    refused = client.post("/order/list/", {"list": rows(4)})
    assert refused.status_code == 422
    assert "You have ordered 1 of 4 this month; this list has 4. Shorten it to 3" in words(refused)
    assert refused.context["upload_id"] is None
    preview = client.post("/order/list/", {"list": rows(3)})
    assert "1 of 4 ordered this month" in words(preview)
    client.post("/order/", {"cin": a_cin(), "company": "Acme"})
    confirmed = client.post(reverse("order_confirm", args=[preview.context["upload_id"]]), follow=True)
    assert "You have ordered 2 of 4 this month; this list has 3." in words(confirmed)
    assert len(ordered(limited)) == 2


def test_admins_and_superusers_have_no_limit(staff, limited):
    assert "ordered this month" not in words(staff.get("/order/"))
    assert "Operator 4; other roles have no limit" in words(staff.get("/usage/"))
    staff.post("/order/simulated/", {"count": "10"})
    assert len(ordered(limited)) == 10


def test_rechecks_of_watches_use_the_owners_limit(asha, limited, django_capture_on_commit_callbacks):
    note_role(asha)
    assert limited.watching.limit_of("asha") == LIMIT
    with django_capture_on_commit_callbacks(execute=True):
        asha.groups.set([Group.objects.get(name="Admin")])
    assert limited.watching.limit_of("asha") is None
    assert limited.watching.limit_of("somebody") is None
