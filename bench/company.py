"""The profile of a company with 3,000 filings of 20 values each, compared with only reading its documents.

CPU time of this process; the server is not counted.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from pymongo import DESCENDING

from bench.filling import insert, stored
from bench.measuring import Report, alternate, an_application, sized
from jobs.adapters.mongo.document_records import new_document_record
from jobs.adapters.mongo.records import new_job_record
from jobs.bootstrap import Application, new_id
from jobs.domain.companies.profile import profile_of
from jobs.domain.document import Filing
from jobs.domain.filings.stated import Stated
from jobs.domain.job import Job, JobStatus, Progress
from jobs.web.garbage import collect_seldom

CIN = "L24295GJ1987PLC143792"
FILINGS, ROUNDS, MOST = sized(3_000, 60), sized(9, 1), 10_000
_AMOUNTS = (
    "revenue",
    "expenses",
    "profit",
    "turnover",
    "net_worth",
    "share_capital",
    "reserves",
    "cash",
    "total_assets",
)
_NAMES = ["name", "din", "designation"]


def measure(uri: str, report: Report) -> None:
    with an_application(uri) as app:
        _fill(app)
        collect_seldom()
        documents = app.database["documents"]
        bare, first = alternate(
            lambda: list(documents.find({"cin": CIN}, sort=[("_id", DESCENDING)], limit=MOST)),
            lambda: _profile(app),
            ROUNDS,
            min,
            time.process_time,
        )
        note = f"{first * 1e3:.0f} ms / {bare * 1e3:.0f} ms of CPU time"
        report.add(f"profile of {FILINGS:,} filings / reading its documents", first / bare, 5.0, note=note)


def _profile(app: Application) -> None:
    found = app.companies.documents(CIN, MOST)
    profile = profile_of(CIN, app.companies.orders(CIN, 200), found, most=MOST)
    assert len(profile.filings) == FILINGS
    assert profile.people
    assert profile.years


def _fill(app: Application) -> None:
    at = datetime.now(UTC)
    job = Job(
        id=new_id(),
        cin=CIN,
        company_name="Vindhya Chemicals Limited",
        status=JobStatus.COMPLETED,
        run_after=at,
        max_attempts=3,
        requested_by="bench",
        created_at=at,
        updated_at=at,
        completed_at=at,
        progress=Progress(total=FILINGS, downloaded=FILINGS),
    )
    insert(app, "jobs", [new_job_record(job, unique=False)])
    insert(app, "documents", _documents(job, at))


def _documents(job: Job, at: datetime) -> Iterator[dict[str, Any]]:
    for number in range(1, FILINGS + 1):
        year = 2000 + number % 25
        form, values = list(_values(number, year).items())[number % 5]
        assert len(values) == 20
        filing = Filing(
            number=number,
            document_type=form,
            file_name=f"{form}_{number}.pdf",
            srn=f"H{number:08d}",
            filed_on=date(year, 10, 1 + number % 28),
        )
        record = new_document_record(job, filing, f"{filing.key}#1", 1, at)
        yield record | stored(job, filing, at, date(year, 3, 31), tuple(values))


def _values(number: int, year: int) -> dict[str, list[Stated]]:
    """Of each form."""

    def rows(table: str, count: int, **values: Any) -> list[Stated]:
        return [
            Stated(name=f"{table}[{row}].{name}", value=value(row) if callable(value) else value, page=2)
            for row in range(1, count + 1)
            for name, value in values.items()
        ]

    def amounts(names: Iterable[str]) -> list[Stated]:
        return [Stated(name=name, value=number * 10**6, unit="rupees", page=3, confidence=0.9) for name in names]

    def person(row: int) -> str:
        return f"{(number // 40 + row) % 60:08d}"

    met, held = Stated(name="held_agm_on", value=date(year, 9, 15)), Stated(name="shareholders", value=number)
    several = Stated(name="purpose", value="text")
    return {
        "AOC-4": [*amounts(_AMOUNTS), met, *rows("auditors", 5, name="Rao & Co", registration_number="1")],
        "MGT-7": [*amounts(["turnover"]), held, *rows("directors", 6, **dict.fromkeys(_NAMES, person))],
        "DIR-12": rows("directors", 5, din=person, event="APPN", designation="Director", appointed_on=date(year, 4, 1)),
        "ADT-1": rows("auditors", 5, name="Rao & Co", membership_number="1", from_date=met.value, to_date=met.value),
        "CHG-1": [
            Stated(name="holder", value=f"Bank {number % 30}"),
            Stated(name="created_on", value=date(year, 3, 1 + number % 27)),
            *amounts(["amount"]),
            *[several._replace(name=f"purpose_{row}") for row in range(17)],
        ],
    }
