"""``manage.py create_jobs``: order companies' filings, one, a few simulated, or a whole CSV file."""

from __future__ import annotations

import random
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from jobs.bootstrap import application
from jobs.domain.errors import FilesureError
from jobs.domain.job import Job
from jobs.domain.simulated_companies import simulated_companies
from jobs.exits import EXIT_FAILED, EXIT_WRONG_USE
from jobs.management.base import FilesureCommand, who
from jobs.orders_csv import Row, batches, read_rows
from jobs.services import DryRun, JobService, Order

MOST_SIMULATED = 10_000


class Command(FilesureCommand):
    """Orders filings."""

    help = "Order companies' filings: simulated companies, one company, or a CSV file of them."
    epilog = "Exit codes: 0 all ordered; 1 some were refused, the others are ordered; 2 wrong use, nothing ordered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--count", type=int, metavar="N", help=f"N simulated companies, 1 to {MOST_SIMULATED:,}")
        what.add_argument("--cin", help="one company, by its CIN")
        what.add_argument("--csv", type=Path, metavar="FILE", help="a file with columns cin, companyName, priority")
        parser.add_argument("--company", help="the company's name, with --cin")
        parser.add_argument("--priority", default="0", help="0 to 9; a higher one is served first (default 0)")
        parser.add_argument("--again", action="store_true", help="order also where an unfinished job exists")
        parser.add_argument("--allow-unknown-codes", action="store_true",
                            help="accept a state or class of company that our list lacks")  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="check everything, order nothing")

    def handle(self, *, count: int | None, cin: str | None, csv: Path | None, **options: Any) -> None:
        """Order, and say what became of each order."""
        ordering = {
            "requested_by": who(), "again": options["again"],
            "dry_run": DryRun() if options["dry_run"] else None,
            "allow_unknown_codes": options["allow_unknown_codes"],
        }  # fmt: skip
        if csv:
            self._from_csv(csv, ordering)
        elif count is not None:
            self._simulated(count, options["priority"], ordering)
        else:
            self._one(
                Order(cin=cin or "", company_name=options["company"] or "", priority=options["priority"]), ordering
            )

    def _one(self, order: Order, ordering: dict[str, Any]) -> None:
        if not order.company_name:
            raise CommandError('--cin needs --company, for example --company "Example Ltd".', returncode=EXIT_WRONG_USE)
        result = application().service.order([order], **ordering)[0]
        if isinstance(result, FilesureError):
            raise result
        self._say(result, dry_run=ordering["dry_run"])

    def _simulated(self, count: int, priority: str, ordering: dict[str, Any]) -> None:
        if not 1 <= count <= MOST_SIMULATED:
            raise CommandError(f"--count takes 1 to {MOST_SIMULATED:,}.", returncode=EXIT_WRONG_USE)
        # Names for a demonstration need no secret randomness.
        companies = simulated_companies(count, random.Random())  # noqa: S311
        orders = [Order(cin=cin, company_name=name, priority=priority) for cin, name in companies]
        for result in application().service.order(orders, **ordering):
            if isinstance(result, FilesureError):
                raise result
            self._say(result, dry_run=ordering["dry_run"])

    def _say(self, job: Job, *, dry_run: DryRun | None) -> None:
        name = "would be ordered " if dry_run else job.id
        self.stdout.write(f"{name}  {job.cin}  {job.company_name}")

    def _from_csv(self, path: Path, ordering: dict[str, Any]) -> None:
        ordered = refused = 0
        service = application().service
        with read_rows(path) as rows:
            for batch in batches(_with_bar(rows, path)):
                good, bad = self._order_batch(service, path, batch, ordering)
                ordered, refused = ordered + good, refused + bad
        would_be = "would be " if ordering["dry_run"] else ""
        self.stdout.write(f"{ordered:,} {would_be}ordered, {refused:,} refused.")
        if refused:
            sys.exit(EXIT_FAILED)

    def _order_batch(
        self, service: JobService, path: Path, batch: list[Row], ordering: dict[str, Any]
    ) -> tuple[int, int]:
        results = iter(service.order([row.order for row in batch if row.order], **ordering))
        bad = 0
        for row in batch:
            problem = row.problem or next(results)
            if not isinstance(problem, Job):
                bad += 1
                self.stderr.write(f"{path.name}:{row.line}: {problem}")
        return len(batch) - bad, bad


def _with_bar(rows: Iterator[Row], path: Path) -> Iterator[Row]:
    """The rows, with a bar over the file's bytes on a terminal."""
    if not sys.stderr.isatty():
        yield from rows
        return
    from tqdm import tqdm

    with tqdm(total=path.stat().st_size, unit="B", unit_scale=True, desc=path.name) as bar:
        for row in rows:
            yield row
            bar.update(row.read_bytes - bar.n)
