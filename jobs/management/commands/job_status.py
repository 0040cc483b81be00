"""``manage.py job_status``: counts by state, or one job with its runs and documents."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from jobs.bootstrap import application
from jobs.management.base import FilesureCommand
from jobs.services import JobDetails
from jobs.web.api.schemas import JobDetailOut


class Command(FilesureCommand):
    """Shows the state of jobs."""

    help = "Show the number of jobs in each state, or one job with its runs and documents."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job_id", nargs="?", metavar="JOB_ID", help="show this job instead of the counts")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *, job_id: str | None, **options: Any) -> None:
        if job_id:
            self._one(application().service.details(job_id), as_json=options["json"])
        else:
            self._counts(as_json=options["json"])

    def _counts(self, *, as_json: bool) -> None:
        counts = {str(status): count for status, count in application().jobs.count_by_status().items()}
        if as_json:
            self.stdout.write(json.dumps(counts))
            return
        for status, count in counts.items():
            self.stdout.write(f"{status:<11}{count:>9,}")

    def _one(self, details: JobDetails, *, as_json: bool) -> None:
        expected = application().estimates.of_job(details.job)
        job = JobDetailOut.of(details, expected).model_dump(mode="json", by_alias=True, exclude={"audit"})
        if as_json:
            self.stdout.write(json.dumps(job))
            return
        runs, documents = job.pop("runHistory"), job.pop("documents")
        for name, value in job.items():
            if value is not None:
                self.stdout.write(f"{name:<20} {value['message'] if isinstance(value, dict) else value}")
        self._table("runs", runs, ("number", "worker", "startedAt", "finishedAt", "outcome", "documents", "error"))
        self._table(
            "documents", documents, ("documentNumber", "status", "documentType", "fileName", "fileSize", "error")
        )

    def _table(self, title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
        """Print a table."""
        self.stdout.write(f"\n{title}: {len(rows)}")
        cells = [columns, *(tuple(_cell(row[column]) for column in columns) for row in rows)]
        widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
        for line in cells if rows else []:
            padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
            self.stdout.write("  " + "  ".join(padded).rstrip())


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return str(value["message"])
    return "" if value is None else str(value)
