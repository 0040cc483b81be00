"""Deliveries, endpoints and subscriptions, in every implementation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId

from jobs.adapters.memory import MemoryDeliveryRepository, MemoryEndpointRepository, MemorySubscriptionRepository
from jobs.adapters.mongo.deliveries import MongoDeliveryRepository
from jobs.adapters.mongo.endpoints import MongoEndpointRepository, MongoSubscriptionRepository
from jobs.bootstrap import new_id
from jobs.domain.deliveries import (
    Attempt,
    Channel,
    Delivery,
    DeliveryFilter,
    DeliveryState,
    Subscription,
    delivery,
)
from jobs.domain.endpoints import Endpoint, Format, new_secret
from jobs.domain.events import Event, EventType
from jobs.domain.wrong_use import UnknownDelivery, UnknownEndpoint, WrongState
from jobs.ports import DeliveryRepository, EndpointRepository, SubscriptionRepository

LEASE = 60.0


@dataclass
class Post:
    deliveries: DeliveryRepository
    endpoints: EndpointRepository
    subscriptions: SubscriptionRepository


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def post(request, clock) -> Post:
    if request.param == "memory":
        return Post(MemoryDeliveryRepository(clock), MemoryEndpointRepository(clock), MemorySubscriptionRepository())
    clock.now = datetime.now(UTC).replace(microsecond=0)
    database = request.getfixturevalue("database")
    for name in ("deliveries", "endpoints", "subscriptions"):
        database[name].delete_many({})
    return Post(
        MongoDeliveryRepository(database, clock),
        MongoEndpointRepository(database, clock),
        MongoSubscriptionRepository(database),
    )


def an_event(clock, **changes) -> Event:
    data = {"documents": {"total": 3, "downloaded": 3, "failed": 0}, "error": None, "cin": "L1"}
    fields = {"id": f"{new_id()}-1", "type": EventType.ORDER_COMPLETED, "at": clock(), "by": "asha", "data": data}
    return Event(**{**fields, **changes})


def a_delivery(clock, target="asha", channel=Channel.MAIL, **changes) -> Delivery:
    return delivery(an_event(clock, **changes), channel, target, clock())


def claim(deliveries: DeliveryRepository) -> Delivery | None:
    due = deliveries.due()
    return deliveries.claim(due, LEASE) if due else None


def an_endpoint(clock, **changes) -> Endpoint:
    fields = {
        "id": new_id(),
        "name": "ERP",
        "url": "https://erp.example.com/hook",
        "types": frozenset({EventType.ORDER_FAILED, EventType.LIST_FAILED}),
        "format": Format.SLACK,
        "secret": new_secret(),
        "by": "asha",
        "created_at": clock(),
    }
    return Endpoint(**{**fields, **changes})


def test_delivery_is_stored_once_with_all_fields(post, clock):
    first, second = a_delivery(clock), a_delivery(clock)
    assert post.deliveries.add([first]) == 1
    assert post.deliveries.add([first, second]) == 1
    assert post.deliveries.add([]) == 0
    assert post.deliveries.get(first.id) == first


@pytest.mark.parametrize("delivery_id", ["0" * 24, "nonsense"])
def test_unknown_delivery_is_reported(post, delivery_id):
    for ask in (post.deliveries.get, post.deliveries.resend):
        with pytest.raises(UnknownDelivery):
            ask(delivery_id)


def test_due_deliveries_are_claimed_in_order_and_once(post, clock):
    late, early = replace(a_delivery(clock), next_at=clock() + timedelta(seconds=1)), a_delivery(clock)
    later = replace(a_delivery(clock), next_at=clock() + timedelta(seconds=10))
    post.deliveries.add([late, later, early])
    assert post.deliveries.due() == early
    clock.advance(2)
    claimed = [claim(post.deliveries) for _ in range(3)]
    assert [each and each.id for each in claimed] == [early.id, late.id, None]
    assert (claimed[0].attempts, claimed[0].fence) == (1, 1)
    assert post.deliveries.due() is None


def test_busy_targets_wait(post, clock):
    one, other = a_delivery(clock, "asha"), a_delivery(clock, "ravi")
    post.deliveries.add([one, other])
    assert post.deliveries.due(busy=["asha", "x"]) == other
    assert post.deliveries.due(busy=["asha", "ravi"]) is None
    assert post.deliveries.due(full=[Channel.MAIL]) is None


def test_delivery_that_somebody_else_has_claimed_is_not_claimed(post, clock):
    post.deliveries.add([a_delivery(clock)])
    due = post.deliveries.due()
    first = post.deliveries.claim(due, LEASE)
    clock.advance(LEASE)
    assert post.deliveries.claim(due, LEASE) is None
    assert post.deliveries.claim(first, LEASE).attempts == 2


def test_expired_lease_shuts_its_holder_out(post, clock):
    post.deliveries.add([a_delivery(clock)])
    first = claim(post.deliveries)
    clock.advance(LEASE)
    second = claim(post.deliveries)
    attempt = Attempt(at=clock(), seconds=0.5)
    assert not post.deliveries.save(first, attempt, DeliveryState.DELIVERED)
    assert post.deliveries.save(second, attempt, DeliveryState.DELIVERED)
    assert not post.deliveries.save(second, attempt, DeliveryState.FAILED)
    assert post.deliveries.get(first.id).state is DeliveryState.DELIVERED


def test_failed_attempt_waits_and_its_end_is_recorded(post, clock):
    post.deliveries.add([a_delivery(clock)])
    claimed = claim(post.deliveries)
    attempt = Attempt(at=clock(), seconds=1.25, status=500, error="The server answered 500.")
    again = clock() + timedelta(seconds=30)
    assert post.deliveries.save(claimed, attempt, DeliveryState.PENDING, again)
    waiting = post.deliveries.get(claimed.id)
    assert (waiting.last, waiting.next_at, waiting.ended_at) == (attempt, again, None)
    clock.advance(31)
    claimed = claim(post.deliveries)
    assert claimed.attempts == 2
    assert post.deliveries.save(claimed, None, DeliveryState.DROPPED)
    ended = post.deliveries.get(claimed.id)
    assert (ended.state, ended.ended_at, ended.next_at, ended.last) == (DeliveryState.DROPPED, clock(), None, attempt)


def test_digest_claims_its_others(post, clock):
    mine = [a_delivery(clock, "asha", Channel.DIGEST) for _ in range(3)]
    post.deliveries.add([*mine, a_delivery(clock, "asha"), a_delivery(clock, "ravi", Channel.DIGEST)])
    post.deliveries.add([replace(a_delivery(clock, "asha", Channel.DIGEST), next_at=clock() + timedelta(1))])
    first = mine[0]
    others = post.deliveries.claim_alike(first, LEASE, 10)
    assert {each.id for each in others} == {each.id for each in mine}
    assert post.deliveries.claim_alike(first, LEASE, 10) == []


def test_digest_is_reserved_by_one(post, clock):
    for subscribed in (False, True):
        if subscribed:
            post.subscriptions.put(Subscription(name="asha", address="a@example.com", digest=True))
        until = clock() + timedelta(seconds=LEASE)
        assert post.subscriptions.reserve_digest("asha", clock(), until)
        if subscribed:
            post.subscriptions.put(Subscription(name="asha", address="b@example.com", digest=True))
            assert not post.subscriptions.reserve_digest("asha", clock(), until)
        clock.advance(LEASE)


def test_only_ended_deliveries_are_resent(post, clock):
    made = a_delivery(clock)
    post.deliveries.add([made])
    with pytest.raises(WrongState):
        post.deliveries.resend(made.id)
    claimed = claim(post.deliveries)
    post.deliveries.save(claimed, Attempt(at=clock(), seconds=1), DeliveryState.DELIVERED)
    again = post.deliveries.resend(made.id)
    assert (again.state, again.attempts, again.next_at, again.ended_at) == (DeliveryState.PENDING, 0, clock(), None)
    assert not post.deliveries.save(claimed, None, DeliveryState.FAILED)
    assert claim(post.deliveries).event == made.event


def test_log_is_filtered_and_paged(post, clock):
    made = []
    for number in range(6):
        clock.advance(1)
        made.append(a_delivery(clock, "asha" if number % 2 else "x", Channel.MAIL if number % 2 else Channel.WEBHOOK))
    post.deliveries.add(made)
    newest = [each.id for each in reversed(made)]
    first = post.deliveries.log(DeliveryFilter(), None, 4)
    second = post.deliveries.log(DeliveryFilter(), first.next, 4)
    assert [each.id for each in [*first.items, *second.items]] == newest
    for wanted in (DeliveryFilter(target="x"), DeliveryFilter(channel=Channel.WEBHOOK)):
        assert [each.id for each in post.deliveries.log(wanted, None, 9).items] == newest[1::2]
    assert post.deliveries.log(DeliveryFilter(state=DeliveryState.FAILED), None, 9).items == []


def test_old_ended_deliveries_are_forgotten(post, clock):
    old = [a_delivery(clock) for _ in range(3)]
    post.deliveries.add(old)
    for _ in range(2):
        post.deliveries.save(claim(post.deliveries), None, DeliveryState.DELIVERED)
    clock.advance(100)
    assert post.deliveries.forget(clock() - timedelta(seconds=200), 9) == 0
    assert [post.deliveries.forget(clock(), 1) for _ in range(3)] == [1, 1, 0]


def test_endpoint_is_stored_with_all_fields(post, clock):
    made = an_endpoint(clock)
    post.endpoints.add(made)
    assert post.endpoints.get(made.id) == made
    assert post.endpoints.all() == [made]
    post.endpoints.remove(made.id)
    post.endpoints.remove(made.id)
    assert post.endpoints.all() == []
    assert post.endpoints.failed(made.id, clock()) is None
    post.endpoints.succeeded(made.id, clock())


@pytest.mark.server
def test_endpoint_keeps_the_events_of_a_later_version(database, clock):
    endpoints, made = MongoEndpointRepository(database, clock), an_endpoint(clock)
    endpoints.add(made)
    types = sorted([*made.types, "order.renamed"])
    database["endpoints"].update_one({"name": made.name}, {"$set": {"types": types}})
    assert endpoints.enable(made.id) == made
    assert database["endpoints"].find_one({"name": made.name})["types"] == types
    endpoints.remove(made.id)


@pytest.mark.parametrize("endpoint_id", ["0" * 24, "nonsense"])
def test_unknown_endpoint_is_reported(post, clock, endpoint_id):
    asks = [
        post.endpoints.get,
        post.endpoints.enable,
        lambda each: post.endpoints.disable(each, "x"),
        lambda each: post.endpoints.limit(each, frozenset()),
        lambda each: post.endpoints.rotate(each, "x", clock()),
    ]
    for ask in asks:
        with pytest.raises(UnknownEndpoint):
            ask(endpoint_id)


@pytest.mark.server
def test_delivery_of_a_later_version_waits_and_stops_no_other(database, clock):
    database["deliveries"].delete_many({})
    deliveries, later, made = MongoDeliveryRepository(database, clock), a_delivery(clock), a_delivery(clock)
    deliveries.add([later])
    renamed = {"$set": {"type": "order.renamed"}}
    database["deliveries"].update_one({"_id": ObjectId(later.id)}, renamed, bypass_document_validation=True)
    assert deliveries.due() is None
    deliveries.add([made])
    assert [claim(deliveries).id, claim(deliveries)] == [made.id, None]
    assert [each.id for each in deliveries.log(DeliveryFilter(), None, 9).items] == [made.id]
    row = database["deliveries"].find_one({"_id": ObjectId(later.id)})
    assert (row["state"], row["attempts"]) == ("pending", 0)
    database["deliveries"].delete_many({})


def test_endpoint_is_limited_to_lists(post, clock):
    made = an_endpoint(clock, lists=frozenset({"1" * 24}))
    post.endpoints.add(made)
    assert post.endpoints.get(made.id) == made
    assert post.endpoints.limit(made.id, frozenset()).lists == frozenset()
    limited = post.endpoints.limit(made.id, frozenset({"2" * 24}))
    events = [an_event(clock, type=EventType.ORDER_FAILED, data={"listId": each}) for each in ("1" * 24, "2" * 24)]
    events.append(an_event(clock, type=EventType.ORDER_FAILED, data={}))
    assert [limited.wants(each) for each in events] == [False, True, False]
    assert replace(limited, lists=frozenset()).wants(events[2])


def test_replaced_secret_stays_valid_for_a_time(post, clock):
    made = an_endpoint(clock)
    post.endpoints.add(made)
    changed = post.endpoints.rotate(made.id, "whsec_new", clock() + timedelta(hours=24))
    assert changed.secrets(clock()) == ["whsec_new", made.secret]
    clock.advance(24 * 3600)
    assert post.endpoints.get(made.id).secrets(clock()) == ["whsec_new"]


def test_failures_are_counted_until_a_success(post, clock):
    made = an_endpoint(clock)
    post.endpoints.add(made)
    began = clock()
    post.endpoints.failed(made.id, clock())
    clock.advance(5)
    failing = post.endpoints.failed(made.id, clock())
    assert (failing.failures, failing.failing_since) == (2, began)
    post.endpoints.succeeded(made.id, clock())
    working = post.endpoints.get(made.id)
    assert (working.failures, working.failing_since, working.succeeded_at) == (0, None, clock())


def test_endpoint_is_disabled_once_and_enabled_again(post, clock):
    made = an_endpoint(clock)
    post.endpoints.add(made)
    post.endpoints.failed(made.id, clock())
    off = post.endpoints.disable(made.id, "It failed.")
    assert (off.is_enabled, off.disabled_at, off.disabled_reason) == (False, clock(), "It failed.")
    clock.advance(5)
    assert post.endpoints.disable(made.id, "Again.") == off
    assert post.endpoints.enable(made.id) == made


def test_subscription_is_replaced(post):
    assert post.subscriptions.get("asha") == Subscription(name="asha")
    chosen = Subscription(name="asha", address="a@example.com", choices=frozenset({"failed"}), digest=True)
    post.subscriptions.put(replace(chosen, digest=False, single_orders_of_lists=True))
    post.subscriptions.put(chosen)
    assert post.subscriptions.get("asha") == chosen
    post.subscriptions.remove("asha")
    post.subscriptions.remove("asha")
    assert post.subscriptions.get("asha").address == ""
