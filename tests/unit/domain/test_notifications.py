"""Signatures, retries, digests, and the addresses of endpoints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from jobs.domain.channels import Channel
from jobs.domain.deliveries import Attempt, Subscription, next_attempt, next_digest
from jobs.domain.endpoints import checked_format, checked_name, checked_types, checked_url, is_dead, new_secret
from jobs.domain.events import Event, EventType
from jobs.domain.signing import signed_headers
from jobs.domain.wrong_use import InvalidEndpoint

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
BODY = b'{"type":"order.failed"}'


def test_signatures_are_those_of_standard_webhooks():
    now, new, old = datetime.now(UTC), new_secret(), new_secret()
    headers = signed_headers("evt-1", now, BODY, [new, old])
    for secret in (new, old):
        assert Webhook(secret).verify(BODY, headers) == {"type": "order.failed"}
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):  # outside the replay window
        Webhook(new).verify(BODY, signed_headers("evt-1", now - timedelta(minutes=6), BODY, [new]))


def test_pauses_between_attempts_grow_and_end():
    failed = Attempt(at=NOW, seconds=1, error="No.")
    waits = [(next_attempt(failed, each, 12, 1.0) - NOW).total_seconds() for each in range(1, 12)]
    assert waits[:3] == [60, 120, 240]
    assert waits == sorted(waits)
    assert 16 * 3600 < sum(waits) < 24 * 3600
    assert next_attempt(failed, 12, 12, 1.0) is None
    assert next_attempt(Attempt(at=NOW, seconds=1, error="No.", final=True), 1, 12, 1.0) is None


def test_receiver_can_ask_for_a_later_attempt():
    wish = Attempt(at=NOW, seconds=1, error="No.", retry_after=timedelta(hours=1))
    assert next_attempt(wish, 1, 12, 0.0) == NOW + timedelta(hours=1)
    endless = Attempt(at=NOW, seconds=1, error="No.", retry_after=timedelta(days=9))
    assert next_attempt(endless, 1, 12, 0.0) == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 1, 5, 2, 29, tzinfo=UTC), datetime(2026, 1, 5, 2, 30, tzinfo=UTC)),
        (datetime(2026, 1, 5, 2, 30, tzinfo=UTC), datetime(2026, 1, 6, 2, 30, tzinfo=UTC)),
        (datetime(2026, 1, 5, 22, 0, tzinfo=UTC), datetime(2026, 1, 6, 2, 30, tzinfo=UTC)),
    ],
)
def test_digest_is_due_at_eight_in_the_shown_zone(now, due):
    assert next_digest(now, ZoneInfo("Asia/Kolkata")) == due


def an_event(kind: EventType, **data: object) -> Event:
    return Event(id="x-1", type=kind, at=NOW, by="asha", data=data)


@pytest.mark.parametrize(
    ("event", "choices", "channel"),
    [
        (an_event(EventType.ORDER_FAILED), {"choices": {"failed"}}, Channel.MAIL),
        (an_event(EventType.ORDER_FAILED), {"choices": {"completed", "partial"}}, None),
        (an_event(EventType.ORDER_FAILED, listId="l"), {"choices": {"failed"}}, None),
        (
            an_event(EventType.ORDER_FAILED, listId="l"),
            {"choices": {"failed"}, "single_orders_of_lists": True},
            Channel.MAIL,
        ),
        (an_event(EventType.LIST_PARTIAL, listId="l"), {"choices": {"partial"}}, Channel.MAIL),
        (an_event(EventType.ORDER_CANCELLED), {"choices": {"completed", "partial", "failed"}}, None),
        (an_event(EventType.FILINGS_NEW), {"digest": True}, Channel.DIGEST),
        (an_event(EventType.FILINGS_NEW), {"choices": {"completed"}}, None),
        (an_event(EventType.ENDPOINT_DISABLED), {}, Channel.MAIL),
    ],
)
def test_account_receives_what_it_chose(event, choices, channel):
    chosen = {**choices, "choices": frozenset(choices.get("choices", ()))}
    assert Subscription(name="asha", address="a@example.com", **chosen).channel(event) is channel
    assert Subscription(name="asha", **chosen).channel(event) is None


def test_endpoint_is_dead_after_many_failures_over_a_long_time():
    assert not is_dead(20, NOW - timedelta(hours=11), NOW)
    assert not is_dead(19, NOW - timedelta(hours=13), NOW)
    assert is_dead(20, NOW - timedelta(hours=12), NOW)


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.com", "ftp://example.com/", "http://example.com/", "https://", "https:///x", "https://a b/"),
        *("https://user:secret@example.com/", "https://example.com/#x", "https://example.com:0/", "https://[::1/"),
        *("https://127.1/", "https://0x7f000001/", "https://2130706433/", "https://%31%32%37.0.0.1/"),
        *("https://a.localhost/", "https://0251.0376.0251.0376/"),
        *("https://localhost/", "https://169.254.169.254/x", "https://[fd00::1]/", "https://[::ffff:10.0.0.1]:8443/"),
        *(
            "https://example.com:99999/",
            "https://exämple.com/",
            "https://example.com/\r\nX: y",
            "https://e/" + "x" * 500,
        ),
    ],
)
def test_invalid_address_is_refused(url):
    with pytest.raises(InvalidEndpoint) as refused:
        checked_url(url, allow_http=False, allow_private=False)
    assert refused.value.field == "url"


def test_valid_address_is_kept():
    url = "https://example.com:8443/a?b=c"
    assert checked_url(f" {url} ", allow_http=False, allow_private=False) == url
    assert checked_url("https://0x5db8d70e/", allow_http=False, allow_private=False)  # 93.184.215.14
    for url in ("http://example.com/", "http://10.1.2.3/", "http://localhost:8000/"):
        assert checked_url(url, allow_http=True, allow_private=True) == url


@pytest.mark.parametrize(
    "check", [lambda: checked_name(" "), lambda: checked_name("x" * 81), lambda: checked_types([])]
)
def test_invalid_endpoint_is_refused(check):
    with pytest.raises(InvalidEndpoint):
        check()


def test_unknown_choices_are_refused():
    for name in ("endpoint.disabled", "order"):
        with pytest.raises(InvalidEndpoint):
            checked_types([name])
    with pytest.raises(InvalidEndpoint):
        checked_format("xml")
