"""A killed ``place_watches`` or ``deliver`` loses no order and no event, and orders nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from jobs.domain.deliveries import DeliveryFilter
from jobs.domain.watching import Interval
from jobs.services.webhooks import WebhookService
from tests.integration.crashes.scene import STAFF, Scene
from tests.integration.crashes.traps import kill_at, requests_of
from tests.servers.webhooks import WebhookServer, webhook_server
from worker.sources.simulated_pdf import text_pdf

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("crashes"), pytest.mark.timeout(3600)]

PLACE, DELIVER = ("manage", "place_watches"), ("manage", "deliver", "--once")
COMPANIES = 2
_AGO = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Watching:
    """Watched companies whose rechecks are due, each of which has one filing more, and a webhook for new filings."""

    scene: Scene
    hooks: WebhookServer

    def prepare(self) -> list[str]:
        """Returns the companies' ids."""
        self.scene.clear()
        for name in ("watches", "deleted_watches", "deliveries"):
            self.scene.app.database[name].delete_many({})
        self.hooks.received.clear()
        orders = [self.scene.order() for _ in range(COMPANIES)]
        self.scene.drain(orders)
        cins = [self.scene.cins[job_id] for job_id in orders]
        for cin in cins:
            self.scene.app.watching.watch(cin, Interval.WEEKLY, STAFF)
            new = self.scene.filings_dir / cin / f"DIR-12_9_N{cin[-7:]}.pdf"
            new.write_bytes(text_pdf([[f"{cin} new"]], title=cin))
        due = {"$set": {"nextAt": self.scene.app.clock() - _AGO}}
        self.scene.app.database["watches"].update_many({}, due)
        return cins

    def ordered(self) -> None:
        self.scene.app.watching.step()

    def checked(self) -> None:
        self.ordered()
        self.scene.drain(self.rechecks())

    def announced(self) -> None:
        self.checked()
        self.scene.app.watching.step()

    def rechecks(self) -> list[str]:
        return [str(row["_id"]) for row in self.scene.app.database["jobs"].find({"recheck": True}, {"_id": True})]

    def finish(self) -> None:
        """As the commands do that replace a killed one, once its leases have expired."""
        self.announced()
        expired = {"nextAt": self.scene.app.clock() - _AGO}
        self.scene.app.database["deliveries"].update_many({"nextAt": {"$exists": True}}, {"$set": expired})
        assert self.scene.start(*DELIVER).wait() == 0


@pytest.fixture(scope="module")
def watching(shared_scene: Scene) -> Iterator[Watching]:
    with webhook_server() as hooks:
        given = vars(shared_scene.app.notifications.webhooks) | {"allow_http": True, "allow_private": True}
        service = WebhookService(**given)
        made = service.add(name="crash", url=hooks.url, types=["filings.new"], format="standard", actor=STAFF)
        yield Watching(scene=shared_scene, hooks=hooks)
        service.remove(made.id, STAFF)


STAGES = {
    "order": (lambda _watching: None, PLACE),
    "settle": (Watching.checked, PLACE),
    "deliver": (Watching.announced, DELIVER),
}


@pytest.mark.parametrize("stage", STAGES)
def test_killed_command_orders_and_announces_once(watching, points, stage):
    begin, arguments = STAGES[stage]
    watching.prepare()
    begin(watching)
    count = len(requests_of(watching.scene, *arguments))
    assert count > 3
    for number in points(count, 2):
        cins = watching.prepare()
        begin(watching)
        name = kill_at(watching.scene, number, *arguments)
        watching.finish()
        assert_once(watching, cins, f"{stage}: killed at {number} of {count}, {name}")


def assert_once(watching: Watching, cins: list[str], story: str) -> None:
    """Each company has one recheck and one event of its new filing, which the webhook has received."""
    app = watching.scene.app
    checked = Counter(app.jobs.get(job_id).cin for job_id in watching.rechecks())
    assert checked == dict.fromkeys(cins, 1), story
    assert app.watching.watches.unsettled(5) == [], story
    deliveries = app.notifications.deliveries.log(DeliveryFilter(), None, 50).items
    told = Counter((each.event.data["cin"], str(each.state), len(each.event.data["filings"])) for each in deliveries)
    assert told == {(cin, "delivered", 1): 1 for cin in cins}, story
    # At least once: a message that was sent and not yet recorded is sent again with the same id.
    received = Counter(each.headers["webhook-id"] for each in watching.hooks.received)
    assert received.keys() == {each.event.id for each in deliveries}, story
    assert max(received.values()) <= 2, story
