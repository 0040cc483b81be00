"""What people have used, on its page and as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from django.contrib.auth.models import Permission as Right

from jobs.domain.audit import Actor
from jobs.domain.ending import ended_well
from jobs.domain.job import Progress
from jobs.domain.listing import CompanyOrder
from jobs.services import Order
from tests.integration.conftest import text_of
from tests.making import a_cin

pytestmark = [pytest.mark.server, pytest.mark.django_db]


@pytest.fixture
def month(app) -> str:
    """Two orders of asha, of which one has ended after two runs, and one of ravi."""
    orders = [Order(cin=a_cin(), company_name="Acme") for _ in range(3)]
    (first, _), _ = (
        app.service.order(orders[at], requested_by=by) for at, by in ((slice(2), "asha"), (slice(2, 3), "ravi"))
    )
    for stored in (1, 2):
        held = app.jobs.claim(first.id, "w", 60)
        progress = Progress(total=2, downloaded=stored)
        app.jobs.end(held.lease, replace(ended_well(held, progress, app.clock()), bytes=2048, pages=7))
    return f"{first.created_at:%Y-%m}"


def test_usage_of_everybody_is_shown_and_saved(staff, month):
    page = " ".join(text_of(staff.get("/usage/")).split())
    assert "4.0" in page
    rows = list(
        csv.DictReader(io.StringIO(b"".join(staff.get("/usage/export.csv").streaming_content).decode("utf-8-sig")))
    )
    assert [tuple(row.values()) for row in rows] == [
        (month, "asha", "2", "2", "4096", "14"),
        (month, "ravi", "1", "0", "0", "0"),
    ]


def test_storage_is_shown_without_deleted_files(staff, app, month):
    page = " ".join(text_of(staff.get("/usage/")).split())
    assert f'aria-label="Stored at the end of each month. {month}: 4.0' in page
    done = next(job for job in app.companies.listed(CompanyOrder.COMPANY, None, 9).items if job.completed_at)
    app.service.delete(done.id, Actor(name="staff"))
    answer = b"".join(staff.get("/usage/storage.csv").streaming_content).decode("utf-8-sig")
    assert answer.split() == ["month,stored,deleted,total", f"{month},4096,4096,0"]


def test_viewers_see_their_own_usage(client, app, month, django_user_model):
    user = django_user_model.objects.create_user("ravi")
    user.user_permissions.add(Right.objects.get(codename="view_job"))
    client.force_login(user)
    page = text_of(client.get("/usage/"))
    assert "ravi" in page
    assert "asha" not in page
    assert "Storage" not in page
    assert client.get("/usage/storage.csv").status_code == 403


def test_usage_of_deleted_orders_stays(staff, app, month):
    done = next(job for job in app.companies.listed(CompanyOrder.COMPANY, None, 9).items if job.completed_at)
    app.jobs.begin_deletion(done.id)
    app.jobs.delete(done.id)
    assert b"4096" in b"".join(staff.get("/usage/export.csv").streaming_content)


def test_month_that_does_not_fit_is_left_out_instead_of_summed_up_wrongly(staff, month, monkeypatch):
    monkeypatch.setattr("jobs.web.pages.usage.MOST_ROWS", 1)
    page = " ".join(text_of(staff.get("/usage/")).split())
    assert "There are too many rows to show all months." in page
    assert f"<strong>{month}</strong>" not in page
    assert "Nothing was ordered" not in page
    assert b"ravi" in b"".join(staff.get("/usage/export.csv").streaming_content)
