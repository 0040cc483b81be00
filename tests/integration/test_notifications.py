"""Mail and webhooks, from an order on the site to a real mail server and a real webhook server."""

from __future__ import annotations

import json
import signal
import time
from datetime import UTC, datetime
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from standardwebhooks.webhooks import Webhook

from jobs.bootstrap import new_id
from jobs.domain.audit import Actor, AuditFilter
from jobs.domain.deliveries import DeliveryFilter, Subscription
from jobs.domain.ending import ended_well
from jobs.domain.endpoints import CHOICES
from jobs.domain.events import EndedList, list_event, new_filings_note, order_event, order_note, plain_event
from jobs.domain.job import JobStatus, Progress
from jobs.services.webhooks import WebhookService
from tests.integration.conftest import a_stored_job, text_of
from tests.making import a_job
from tests.servers.mail import mail_server
from tests.servers.webhooks import status, webhook_server

pytestmark = [pytest.mark.server, pytest.mark.django_db]

COMPANY = 'Müller & "Söhne" <b>Ltd</b>'


@pytest.fixture
def hooks():
    with webhook_server() as server:
        yield server


@pytest.fixture
def mails():
    with mail_server() as server:
        yield server


def network(hooks, mails=None) -> dict[str, str]:
    smtp = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mails.port), "SMTP_SECURITY": "none"} if mails else {}
    return {"WEBHOOKS_ALLOW_HTTP": "1", "WEBHOOKS_ALLOW_PRIVATE": "1", "DELIVERY_ATTEMPTS": "2", **smtp}


def an_endpoint(app, url: str, types: list[str], form: str = "standard"):
    service = app.notifications.webhooks
    open_service = WebhookService(**{**vars(service), "allow_http": True, "allow_private": True})
    return open_service.add(name=form, url=url, types=types, format=form, actor=Actor(name="asha"))


def ended(app, **fields):
    """A stored order that has ended; completed with one document."""
    job = a_stored_job(app, **fields)
    claimed = app.jobs.claim(job.id, "w", 60)
    app.jobs.end(claimed.lease, ended_well(claimed, Progress(total=1, downloaded=1), app.clock()))
    return job


def log(app):
    return app.notifications.deliveries.log(DeliveryFilter(), None, 200).items


def test_end_of_an_order_arrives_by_mail_and_webhook(installation, hooks, mails):
    app = installation.app
    standard, *_ = [an_endpoint(app, hooks.url, ["order.completed"], form) for form in ("standard", "slack", "teams")]
    choices = frozenset({"completed"})
    app.notifications.subscriptions.put(Subscription(name="asha", address="a@example.com", choices=choices))
    job = ended(app, requested_by="asha", company_name=COMPANY)
    done = installation.run("deliver", "--once", **network(hooks, mails))
    assert (done.returncode, done.stdout) == (0, "4 deliveries attempted.\n"), done.stderr

    signed = next(each for each in hooks.received if b'"type":"order.completed"' in each.body)
    message = Webhook(standard.secret).verify(signed.body, signed.headers)
    assert message["data"]["jobId"] == job.id
    assert message["data"]["companyName"] == COMPANY
    bodies = [each.body.decode() for each in hooks.received]
    slack, card = (next(each for each in bodies if key in each) for key in ("mrkdwn", "AdaptiveCard"))
    assert "Müller &amp; " in json.loads(slack)["blocks"][0]["text"]["text"]
    assert json.loads(card)["attachments"][0]["content"]["actions"][0]["url"].endswith(f"/jobs/{job.id}/")

    ((to, mail),) = mails.received
    assert (to, mail["subject"].strip()) == (["a@example.com"], f"Order completed: {COMPANY}")
    text, page = (mail.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert COMPANY in text
    assert f"/jobs/{job.id}/" in text
    assert "<b>Ltd" not in page
    assert COMPANY in unescape(page)
    assert {str(each.state) for each in log(app)} == {"delivered"}
    assert "0 deliveries" in installation.run("deliver", "--once", **network(hooks, mails)).stdout


def test_failures_are_in_the_log_and_can_be_resent(installation, hooks, mails):
    app = installation.app
    an_endpoint(app, hooks.url, ["order.failed"])
    chosen = Subscription(name="asha", address="a@example.com", choices=frozenset({"failed"}))
    app.notifications.subscriptions.put(chosen)
    hooks.answers = [status(302, "Location: http://127.0.0.1/admin")]
    mails.refuse = "550 No such user"
    a_stored_job(app, JobStatus.FAILED, requested_by="asha")
    installation.run("deliver", "--once", **network(hooks, mails))
    states = {str(each.channel): (str(each.state), each.last.error) for each in log(app)}
    assert states == {
        "webhook": ("pending", "The server redirects (302), which is not followed."),
        "mail": ("failed", "The mail server refused the mail or its address (550)."),
    }
    mails.refuse = ""
    (failed,) = [each for each in log(app) if str(each.channel) == "mail"]
    app.notifications.deliveries.resend(failed.id)
    installation.run("deliver", "--once", **network(hooks, mails))
    assert len(mails.received) == 1


def test_killed_deliverer_is_replaced(installation, hooks):
    """kill -9 while the server has the message and has not answered."""
    app = installation.app
    an_endpoint(app, hooks.url, ["order.completed"])
    ended(app)
    hooks.answers = ["hang"]
    with installation.start("deliver", **network(hooks)) as process:
        deadline = time.monotonic() + 30
        while not hooks.received and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    (held,) = log(app)
    assert str(held.state) == "pending"
    app.notifications.deliveries._deliveries.update_many({}, {"$set": {"nextAt": app.clock()}})  # its lease expires
    installation.run("deliver", "--once", **network(hooks))
    first, second = hooks.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert [str(each.state) for each in log(app)] == ["delivered"]


def test_deliverer_ends_soon_after_sigterm(installation, hooks):
    with installation.start("deliver", **network(hooks)) as process:
        assert "deliverer.started" in process.stderr.readline()
        process.terminate()
        assert process.wait(20) == 0


# --- pages

NEW = {"name": "ERP", "url": "https://erp.example.com/hook?key=secret", "format": "standard", "types": ["order.failed"]}


def test_endpoint_is_added_tested_and_removed(staff, app):
    page = text_of(staff.post("/webhooks/", NEW))
    (made,) = app.notifications.endpoints.all()
    assert made.secret in page
    assert made.secret not in text_of(staff.get("/webhooks/"))
    address = f"/webhooks/{made.id}/"
    assert "key=secret" not in text_of(staff.get(address)) + text_of(staff.get("/webhooks/"))
    assert "The test is on its way" in text_of(staff.post(f"{address}test/", follow=True))
    assert "Test from Filesure" in text_of(staff.get("/webhooks/deliveries/"))
    rotated = text_of(staff.post(f"{address}rotate/"))
    assert app.notifications.endpoints.get(made.id).secret in rotated
    staff.post(f"{address}disable/")
    assert "Disabled by staff." in text_of(staff.get(address))
    assert staff.post(f"{address}test/").status_code == 409
    staff.post(f"{address}enable/")
    assert staff.post(f"{address}remove/", follow=True).status_code == 200
    assert staff.get(address).status_code == 404
    entries = app.audit.entries(AuditFilter(), None, 20).items
    assert [each.details.rpartition(": ")[2] for each in reversed(entries)] == [
        *("added", "test sent", "secret replaced", "disabled", "test sent", "enabled", "removed")
    ]
    assert "key=secret" not in str(entries)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"url": "http://erp.example.com/"}, "must begin with https://"),
        ({"name": " "}, "needs a printable name"),
        ({"types": []}, "Choose at least one event"),
        ({"format": "xml"}, "must be standard, slack or teams"),
    ],
)
def test_invalid_endpoint_is_refused_and_keeps_its_fields(staff, app, changes, problem):
    page = staff.post("/webhooks/", {**NEW, **changes})
    assert page.status_code == 422
    assert problem in text_of(page)
    assert 'value="ERP"' in text_of(page) or "name" in changes
    assert app.notifications.endpoints.all() == []


def test_delivery_is_resent_from_the_log(staff, app):
    staff.post("/webhooks/", NEW)
    a_stored_job(app, JobStatus.FAILED, company_name="Acme & Sons")
    app.notifications.notifier.drain()
    (made,) = log(app)
    again = f"/webhooks/deliveries/{made.id}/resend/"
    assert staff.post(again).status_code == 409
    claimed = app.notifications.deliveries.claim(made, 60)
    app.notifications.deliveries.save(claimed, None, "failed")
    page = text_of(staff.get("/webhooks/deliveries/?channel=webhook&state=failed"))
    assert "Order failed: Acme &amp; Sons" in page
    assert "No delivery matches" in text_of(staff.get("/webhooks/deliveries/?state=delivered"))
    staff.post(again)
    assert str(log(app)[0].state) == "pending"


def test_account_chooses_its_mail(app, django_capture_on_commit_callbacks):
    user = get_user_model().objects.create_user("vera", email="vera@example.com", password="x")
    user.groups.set(Group.objects.filter(name="Viewer"))
    client = Client()
    client.force_login(user)
    assert 'value="vera@example.com"' in text_of(client.get("/account/"))
    refused = client.post("/account/notifications/", {"choices": ["failed"]})
    assert (refused.status_code, "Enter the address" in text_of(refused)) == (422, True)
    client.post("/account/notifications/", {"address": "v@example.com", "choices": ["failed"], "digest": "on"})
    stored = app.notifications.subscriptions.get("vera")
    assert stored == Subscription(name="vera", address="v@example.com", choices=frozenset({"failed"}), digest=True)
    user.is_active = False
    with django_capture_on_commit_callbacks(execute=True):
        user.save()
    assert app.notifications.subscriptions.get("vera").address == ""


# --- the API


def test_api_manages_endpoints(call, app):
    made = call("POST", "/api/v1/webhooks", {**NEW, "types": ["order.failed", "list.failed"]})
    assert made.status_code == 201
    body = made.json()
    assert body["secret"].startswith("whsec_")
    address = f"/api/v1/webhooks/{body['webhookId']}"
    shown = call("GET", address).json()
    assert (shown["host"], "secret" in shown, "url" in shown) == ("erp.example.com", False, False)
    assert call("POST", f"{address}/secret").json()["secret"] != body["secret"]
    sent = call("POST", f"{address}/test")
    assert (sent.status_code, sent.json()["state"]) == (202, "pending")
    assert call("POST", f"/api/v1/deliveries/{sent.json()['deliveryId']}/resend").status_code == 409
    assert [each["type"] for each in call("GET", "/api/v1/deliveries?channel=webhook").json()["items"]] == [
        "endpoint.test"
    ]
    assert call("POST", f"{address}/disable").json()["disabledReason"] == "Disabled by owner."
    assert call("POST", f"{address}/enable").json()["disabledAt"] is None
    assert call("DELETE", address).status_code == 204
    assert call("GET", address).status_code == 404
    assert call("GET", "/api/v1/webhooks").json() == {"items": []}


def test_endpoint_is_limited_to_lists(staff, call, app):
    ids = [app.lists.place(new_id(), name, [], requested_by="asha").id for name in ("Monday", "Tuesday")]
    made = call("POST", "/api/v1/webhooks", {**NEW, "lists": ids[:1]}).json()
    assert made["lists"] == ids[:1]
    address, page = f"/api/v1/webhooks/{made['webhookId']}/lists", f"/webhooks/{made['webhookId']}/"
    assert call("PUT", address, {"lists": ids[1:]}).json()["lists"] == ids[1:]
    unknown = call("PUT", address, {"lists": ["0" * 24]})
    assert (unknown.status_code, "There is no list 000" in unknown.json()["detail"]) == (422, True)
    assert f'href="/lists/{ids[1]}/">Tuesday</a>' in text_of(staff.get(page))
    shown = text_of(staff.post(f"{page}lists/", {"lists": ids}, follow=True))
    assert "receives events of the chosen lists only" in shown
    assert app.notifications.endpoints.get(made["webhookId"]).lists == {*ids}
    assert "There is no list nonsense" in text_of(staff.post(f"{page}lists/", {"lists": "nonsense"}, follow=True))
    assert "events of all orders" in text_of(staff.post(f"{page}lists/", follow=True))
    refused = staff.post("/webhooks/", {**NEW, "format": "standard", "lists": "nonsense"})
    assert (refused.status_code, "There is no list nonsense" in text_of(refused)) == (422, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://x.example.com/"},
        {"url": "https://169.254.169.254/"},
        {"types": ["x"]},
        {"name": ""},
        {"more": 1},
    ],
)
def test_api_refuses_invalid_endpoints(call, changes):
    refused = call("POST", "/api/v1/webhooks", {**NEW, **changes})
    assert (refused.status_code, refused.headers["Content-Type"]) == (422, "application/problem+json")


ORDER = a_job(datetime(2026, 1, 5, tzinfo=UTC))
EVENTS = (
    order_event(ORDER, order_note(JobStatus.FAILED, ORDER.created_at, None, None)),
    list_event(EndedList(id="l", name="x", by="y", refused=0, states={JobStatus.FAILED: 1}, at=ORDER.created_at)),
    plain_event("w", new_filings_note(cin="c", company_name="n", filings=[], owner="o", at=ORDER.created_at)),
)
#: The names that events really have.
DATA = {event.type.partition(".")[0]: set(event.data) for event in EVENTS}


def test_openapi_describes_what_endpoints_receive(staff, app):
    schema = staff.get("/api/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    assert set(schema["webhooks"]) == {str(kind) for kind in CHOICES}
    for kind, path in schema["webhooks"].items():
        body = path["post"]["requestBody"]["content"]["application/json"]["schema"]
        named = body["properties"]["data"]["$ref"].rpartition("/")[2]
        fields = set(schema["components"]["schemas"][named]["properties"])
        assert fields == DATA[kind.partition(".")[0]]
