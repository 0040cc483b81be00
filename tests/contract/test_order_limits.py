"""Monthly limits: exact whoever races, and nothing is lost or counted twice if a process dies between two writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId

from jobs.adapters.memory import MemoryAllowances, MemoryJobRepository, MemoryOrderListRepository
from jobs.adapters.mongo.allowances import MongoAllowances
from jobs.adapters.mongo.jobs import MongoJobRepository
from jobs.bootstrap import new_id
from jobs.domain.allowances import MonthlyLimit
from jobs.domain.errors import DatabaseUnavailable
from jobs.domain.job import Job
from jobs.domain.wrong_use import AlreadyOrdered, InvalidOrder, UnknownList
from jobs.services import JobService, ListRow, ListService, Order, OrderLimits
from tests.contract.stores import job_service
from tests.making import a_cin, a_job

INDIA = ZoneInfo("Asia/Kolkata")
LIMIT = 5


class Dying:
    """A port that works for a number of calls, and then loses the reply to the next one."""

    def __init__(self, port: Any, calls: list[int]) -> None:
        self._port, self._calls = port, calls

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            self._calls[0] -= 1
            if self._calls[0] < 0:
                raise DatabaseUnavailable("The process is dead.")
            result = getattr(self._port, name)(*args, **options)
            if not self._calls[0]:
                raise DatabaseUnavailable("The process died.")
            return result

        return call


class Desk:
    """Orders of asha, who may order five companies a month."""

    def __init__(self, jobs, allowances, clock) -> None:
        self.jobs, self.allowances, self.clock = jobs, allowances, clock
        self.lists = MemoryOrderListRepository(clock)

    def service(self, calls: list[int] | None = None) -> JobService:
        """``calls``: after so many calls of a port, the process dies."""
        jobs = Dying(self.jobs, calls) if calls else self.jobs
        allowances = Dying(self.allowances, calls) if calls else self.allowances
        limits = OrderLimits(
            allowances=allowances, jobs=jobs, clock=self.clock, zone=INDIA, by_role={"Operator": LIMIT}
        )
        return job_service(self.clock, jobs=jobs, limits=limits)

    def list_service(self, calls: list[int] | None = None) -> ListService:
        lists = Dying(self.lists, calls) if calls else self.lists
        return ListService(lists=lists, service=self.service(calls), clock=self.clock)

    def order(self, *cins: str, limit: int | None = LIMIT) -> list[Job | Exception]:
        orders = [Order(cin=cin, company_name="Acme") for cin in cins]
        return list(self.service().order(orders, requested_by="asha", limit=limit))

    def ordered(self, *cins: str) -> int:
        return sum(isinstance(each, Job) for each in self.order(*cins))

    @property
    def used(self) -> int:
        return self.service().limits.state("asha", LIMIT).used

    def stored(self, cins) -> int:
        return len(self.jobs.unfinished(cins))

    def pass_time(self) -> None:
        """Longer than orders are held."""
        self.clock.advance(601)


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.server)])
def desk(request, clock) -> Desk:
    if request.param == "memory":
        jobs = MemoryJobRepository(clock)
        return Desk(jobs, MemoryAllowances(jobs), clock)
    clock.now = datetime(2026, 1, 5, 12, tzinfo=UTC)
    database = request.getfixturevalue("database")
    for name in ("jobs", "allowances"):
        database[name].delete_many({})
    return Desk(MongoJobRepository(database, clock), MongoAllowances(database), clock)


def cins(number: int) -> list[str]:
    return [a_cin() for _ in range(number)]


def test_order_above_the_limit_is_refused_as_a_whole(desk):
    assert desk.ordered(*cins(3)) == 3
    refused = desk.order(*cins(3))
    assert {type(each) for each in refused} == {MonthlyLimit}
    assert str(refused[0]) == (
        "You have ordered 3 of 5 this month; this list has 3. The next month begins on 1 February 2026."
    )
    assert (desk.ordered(*cins(2)), desk.used) == (2, 5)
    (last,) = desk.order(a_cin())
    assert str(last) == "You have ordered 5 of 5 this month. The next month begins on 1 February 2026."
    assert desk.ordered() == 0
    assert isinstance(desk.order(a_cin(), limit=None)[0], Job)


def test_refused_orders_do_not_count(desk):
    first = cins(4)
    desk.order(*first)
    again = desk.order(first[0], "nonsense", first[1])
    assert [type(each) for each in again][::2] == [AlreadyOrdered, AlreadyOrdered]
    assert desk.used == 4
    mixed = desk.order(first[0], *cins(2))
    assert [type(each) for each in mixed] == [AlreadyOrdered, MonthlyLimit, MonthlyLimit]


def test_racing_orders_never_exceed_the_limit(desk):
    companies = cins(12)
    with ThreadPoolExecutor(12) as pool:
        done = sum(pool.map(desk.ordered, companies))
    assert done == desk.stored(companies) == desk.used == LIMIT


def test_race_for_a_company_gives_the_losers_orders_back(desk):
    company = a_cin()
    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(desk.ordered, [company] * 4))
    assert done == desk.used == 1


def test_month_begins_in_the_shown_zone(desk, clock):
    limits = desk.service().limits
    clock.now = datetime(2025, 12, 31, 18, 29, tzinfo=UTC)
    limits.hold("asha", [new_id() for _ in range(LIMIT)], LIMIT)
    with pytest.raises(MonthlyLimit, match="next month begins on 1 January 2026"):
        limits.hold("asha", [new_id()], LIMIT)
    clock.advance(60)
    assert (limits.state("asha", LIMIT).left, len(limits.hold("asha", [new_id()], LIMIT))) == (LIMIT, 1)
    limits.settle("asha", [new_id()])
    assert limits.state("asha", LIMIT).used == 1


def test_orders_before_the_limit_was_set_count(desk, clock):
    earlier = datetime(2025, 12, 31, 18, 29, tzinfo=UTC)
    for at in (earlier, earlier + timedelta(minutes=1), clock()):
        desk.jobs.add([a_job(at, id=str(ObjectId.from_datetime(at)), requested_by="asha")], again=True)
    desk.jobs.add([a_job(clock(), requested_by="ravi")], again=True)
    assert desk.used == 2
    assert desk.ordered(*cins(3)) == 3
    assert desk.ordered(a_cin()) == 0


@pytest.mark.parametrize("calls", range(1, 8))
def test_death_while_ordering_only_delays(desk, calls):
    """What was accepted is counted at once; what was not stored is given back later."""
    companies = cins(3)
    with suppress(DatabaseUnavailable):
        service = desk.service([calls])
        service.order([Order(cin=cin, company_name="Acme") for cin in companies], requested_by="asha", limit=LIMIT)
    assert desk.stored(companies) <= desk.used <= 3
    desk.pass_time()
    assert desk.ordered(a_cin()) == 1
    assert desk.used == desk.stored(companies) + 1


@pytest.mark.parametrize("calls", range(1, 9))
def test_repeated_request_counts_once(desk, calls):
    """As with an Idempotency-Key: the same jobs, until they are stored."""
    jobs = [a_job(desk.clock(), requested_by="asha") for _ in range(3)]
    with suppress(DatabaseUnavailable):
        desk.service([calls]).place(jobs, limit=LIMIT)
    for _ in range(2):
        desk.service().place(jobs, limit=LIMIT)
        assert desk.used == desk.stored([job.cin for job in jobs]) == 3
    with pytest.raises(MonthlyLimit):
        desk.service().place([a_job(desk.clock(), requested_by="asha") for _ in range(3)], limit=LIMIT)


def a_list(companies) -> list[list[ListRow]]:
    rows = [ListRow(line=line, order=Order(cin=cin, company_name="Acme")) for line, cin in enumerate(companies, 1)]
    return [rows[:2], rows[2:]]


def test_list_above_the_limit_orders_nothing(desk):
    desk.order(a_cin())
    companies, list_id = cins(5), new_id()
    with pytest.raises(MonthlyLimit, match=r"1 of 5 this month; this list has 5\."):
        desk.list_service().place(list_id, "Monday", a_list(companies), requested_by="asha", limit=LIMIT)
    assert (desk.stored(companies), desk.used) == (0, 1)
    with pytest.raises(UnknownList):
        desk.lists.get(list_id)
    with pytest.raises(InvalidOrder):
        desk.list_service().place(list_id, " ", a_list(companies), requested_by="asha", limit=LIMIT)


def test_list_counts_only_what_it_orders(desk):
    companies = [*cins(5), "nonsense"]
    desk.jobs.add([a_job(desk.clock(), cin=companies[0])], again=False)
    rows = a_list([*companies, companies[1]])
    done = desk.list_service().place(new_id(), "Monday", rows, requested_by="asha", limit=LIMIT)
    assert (done.ordered, done.refused, desk.used) == (4, 3, 4)


@pytest.mark.parametrize("calls", range(1, 21))
def test_interrupted_list_can_be_repeated(desk, calls):
    companies, list_id = cins(5), new_id()
    with suppress(DatabaseUnavailable):
        service = desk.list_service([calls])
        service.place(list_id, "Monday", a_list(companies), requested_by="asha", limit=LIMIT)
    if calls % 2:
        desk.pass_time()
    for _ in range(2):
        done = desk.list_service().place(list_id, "Monday", a_list(companies), requested_by="asha", limit=LIMIT)
        assert (done.ordered, done.refused, desk.stored(companies)) == (5, 0, 5)
    assert desk.used == 5


def test_roles_are_remembered_for_programs_without_accounts(desk):
    limits = desk.service().limits
    assert limits.of_person("asha") is None
    for role, limit in (("Operator", LIMIT), ("Admin", None), ("Operator", LIMIT)):
        limits.note_role("asha", role)
        assert (limits.of_person("asha"), limits.of_role(role)) == (limit, limit)
    desk.order(a_cin())
    assert (desk.used, limits.of_person("asha")) == (1, LIMIT)
