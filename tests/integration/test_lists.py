"""Lists of orders on the pages and in the API."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from jobs.domain.audit import Actor
from jobs.domain.deliveries import Subscription
from jobs.domain.job import JobStatus
from jobs.services import Order
from tests.integration.api import is_problem
from tests.integration.conftest import complete, ordered, text_of
from tests.making import a_cin

pytestmark = [pytest.mark.server, pytest.mark.django_db]


def order(staff, rows: list[str]) -> str:
    """Order a file of rows; returns the path of its list."""
    data = "\n".join(["cin,companyName,priority", *rows]).encode()
    page = text_of(staff.post("/order/upload/", {"file": SimpleUploadedFile("orders.csv", data)}))
    return staff.post(re.search(r'action="(/order/upload/[0-9a-f]{24}/)"', page).group(1))["Location"]


def refused_rows(staff, path: str) -> list[dict[str, str]]:
    answer = staff.get(f"{path}refused.csv")
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_list_shows_progress_and_its_jobs(staff, app):
    cins = [a_cin() for _ in range(4)]
    path = order(staff, [f"{cin},Acme," for cin in cins])
    for job in ordered(app)[:3]:
        app.service.cancel(job.id, Actor(name="staff"))
    page = text_of(staff.get(path))
    assert "3 of 4 jobs ended" in page
    assert "No job is ahead of its last job." in page
    assert path in text_of(staff.get("/lists/"))
    listed = text_of(staff.get(f"/jobs/?in_list={path.split('/')[2]}&status=pending"))
    assert [cin in listed for cin in cins] == [False, False, False, True]
    assert staff.get("/lists/nonsense/").status_code == 404


def test_live_part_of_a_list_is_not_sent_again_and_never_shown_as_the_page(staff, app):
    path = order(staff, [f"{a_cin()},Acme,"])
    (job,) = ordered(app)
    app.service.cancel(job.id, Actor(name="staff"))  # an expected end would change with each minute
    part = staff.get(path, headers={"HX-Request": "true"})
    assert "<h1>" not in part.content.decode()
    for answer in (part, staff.get(path)):
        assert "HX-Request" in answer["Vary"]
    unchanged = {"HX-Request": "true", "If-None-Match": part["ETag"]}
    assert staff.get(path, headers=unchanged).status_code == 304
    app.service.retry(job.id, Actor(name="staff"))
    assert staff.get(path, headers=unchanged).status_code == 200


def test_list_offers_only_actions_that_can_change_its_jobs(staff, app):
    path = order(staff, [f"{a_cin()},Acme," for _ in range(2)])

    def offered() -> list[str]:
        part = text_of(staff.get(path, headers={"HX-Request": "true"}))
        return re.findall(r'name="action"\s+value="(\w+)"', part)

    first, second = ordered(app)
    assert offered() == ["cancel", "prioritise"]
    app.service.cancel(first.id, Actor(name="staff"))
    assert offered() == ["retry", "cancel", "prioritise"]
    app.service.cancel(second.id, Actor(name="staff"))
    assert offered() == ["retry"]
    for job in (first, second):
        app.service.retry(job.id, Actor(name="staff"), again=True)
        complete(app, job)
    assert offered() == []


def test_refused_rows_can_be_fixed_and_ordered(staff, app):
    good, late = a_cin(), a_cin()
    path = order(staff, [f"{good},Acme,", f"{late},@Late,11", "nonsense,Bad,", f"{good},Twice,", '"broken'])
    rows = refused_rows(staff, path)
    assert [(row["line"], row["cin"], row["field"]) for row in rows] == [
        ("3", late, "priority"),
        ("4", "nonsense", "cin"),
        ("5", good, "cin"),
        ("6", "", "row"),
    ]
    assert "whole number from 0 to 9" in rows[0]["reason"]
    assert rows[3]["row"] == "'\"broken" or rows[3]["row"] == '"broken'
    fixed = rows[0] | {"priority": "9"}
    text = io.StringIO()
    writer = csv.DictWriter(text, list(fixed))
    writer.writeheader()
    writer.writerow(fixed)
    page = text_of(staff.post("/order/upload/", {"file": SimpleUploadedFile("fixed.csv", text.getvalue().encode())}))
    assert "1 would be ordered, 0 refused" in page
    staff.post(re.search(r'action="(/order/upload/[0-9a-f]{24}/)"', page).group(1))
    assert next(job.company_name for job in ordered(app) if job.cin == late) == "@Late"


def test_whole_list_is_cancelled(staff, app):
    path = order(staff, [f"{a_cin()},Acme," for _ in range(3)])
    (other,) = app.service.order([Order(cin=a_cin(), company_name="Other")], requested_by="x")
    form = {"action": "cancel", "scope": "all", "filters": f"in_list={path.split('/')[2]}", "back": path}
    assert "Cancel 3 jobs?" in text_of(staff.post("/jobs/bulk/", form))
    assert staff.post("/jobs/bulk/", form | {"confirmed": "yes"})["Location"] == path
    assert app.jobs.get(other.id).status is JobStatus.PENDING
    assert app.jobs.count_by_status()[JobStatus.CANCELLED] == 3


def test_interrupted_list_is_completed_by_repetition(staff, app, monkeypatch):
    data = "\n".join(["cin,companyName", *(f"{a_cin()},Acme" for _ in range(4)), "nonsense,Bad"]).encode()
    page = text_of(staff.post("/order/upload/", {"file": SimpleUploadedFile("orders.csv", data)}))
    confirm = re.search(r'action="(/order/upload/[0-9a-f]{24}/)"', page).group(1)
    monkeypatch.setattr("jobs.web.orders_csv.BATCH", 2)
    with monkeypatch.context() as patched:
        patched.setattr(type(app.lists.lists), "finish", interrupted)
        with pytest.raises(KeyboardInterrupt):
            staff.post(confirm)
    jobs = ordered(app)
    assert len(jobs) == 4
    path = f"/lists/{confirm.split('/')[3]}/"
    assert "Not all rows are ordered yet" in text_of(staff.get(path))
    app.service.cancel(jobs[0].id, Actor(name="staff"))
    assert "4 jobs ordered." in text_of(staff.post(confirm, follow=True))
    assert {job.id for job in ordered(app)} == {job.id for job in jobs}
    assert len(refused_rows(staff, path)) == 1


def test_api_orders_a_list_once(call, app):
    body = {
        "name": "Monday",
        "orders": [{"cin": a_cin(), "companyName": "Acme"}, {"cin": "nonsense", "companyName": "Bad", "priority": "x"}],
    }
    key = {"Idempotency-Key": "k"}
    made = call("POST", "/api/v1/lists", body, **key)
    assert made.status_code == 201
    assert (made.json()["ordered"], made.json()["refused"]) == (1, 1)
    assert made.json()["refusedRows"][0]["field"] == "cin"
    assert call("POST", "/api/v1/lists", body, **key).json() == made.json()
    assert len(ordered(app)) == 1
    assert is_problem(call("POST", "/api/v1/lists", body | {"name": "x"}, **key), 422, "idempotency_key_reused")
    list_id = made.json()["listId"]
    assert call("GET", f"/api/v1/lists/{list_id}").json() == made.json()
    assert [each["listId"] for each in call("GET", "/api/v1/lists").json()["items"]] == [list_id]
    assert len(call("GET", f"/api/v1/jobs?list={list_id}").json()["items"]) == 1
    assert is_problem(call("GET", "/api/v1/lists/nonsense"), 404, "unknown_list")


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/lists", "/create-job"])
@pytest.mark.parametrize("key", ["", " ", "x" * 256])
def test_empty_or_long_key_is_refused(call, app, path, key):
    company = {"cin": a_cin(), "companyName": "Acme"}
    body = {"name": "A", "orders": [company]} if path.endswith("lists") else company
    assert is_problem(call("POST", path, body, **{"Idempotency-Key": key}), 422, "invalid_idempotency_key")
    assert ordered(app) == []


def test_job_is_ordered_once_per_key(call, app):
    body, key = {"cin": a_cin(), "companyName": "Acme"}, {"Idempotency-Key": "k"}
    first = call("POST", "/api/v1/jobs", body, **key)
    again = call("POST", "/api/v1/jobs", body, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["jobId"] == again.json()["jobId"]
    assert len(ordered(app)) == 1


def interrupted(*_args: object, **_more: object) -> None:
    raise KeyboardInterrupt


def test_mail_about_a_list_is_chosen_on_its_page(staff, app):
    path = order(staff, [f"{a_cin()},Acme,"])
    assert "has no address" in text_of(staff.get(path))
    asked = staff.post(f"{path}mail/", {"mail": "yes"}, follow=True)
    assert "Enter one first." in text_of(asked)
    app.notifications.subscriptions.put(Subscription(name="staff", address="a@example.com"))
    assert "decides whether you get an email" in text_of(staff.get(path))
    for mail, sentence in (
        ("yes", "You get an email at a@example.com"),
        ("no", "You get no email when this list ends."),
    ):
        assert sentence in text_of(staff.post(f"{path}mail/", {"mail": mail}, follow=True))
        assert app.lists.lists.get(path.split("/")[2]).wishes == {"staff": mail == "yes"}
    assert staff.post("/lists/nonsense/mail/", {"mail": "yes"}).status_code == 404


def test_mail_about_a_list_is_chosen_in_the_api(call, app):
    list_id = call(
        "POST", "/api/v1/lists", {"name": "Monday", "orders": [{"cin": a_cin(), "companyName": "Acme"}]}
    ).json()["listId"]
    path = f"/api/v1/lists/{list_id}/mail"
    assert call("GET", path).json() == {"mail": None, "address": ""}
    assert is_problem(call("PUT", path, {"mail": True}), 422, "no_mail_address")
    assert app.lists.lists.get(list_id).wishes == {}
    app.notifications.subscriptions.put(Subscription(name="owner", address="a@example.com"))
    for mail in (True, False, False):
        assert call("PUT", path, {"mail": mail}).json() == {"mail": mail, "address": "a@example.com"}
        assert app.lists.lists.get(list_id).wishes == {"owner": mail}
    assert is_problem(call("PUT", f"/api/v1/lists/{'0' * 24}/mail", {"mail": False}), 404, "unknown_list")
    assert is_problem(call("PUT", path, {}), 422, "invalid")
