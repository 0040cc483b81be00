"""``manage.py create_jobs``: order the filings of one company, of simulated companies, or of a CSV file."""

from __future__ import annotations

import random
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from jobs.bootstrap import application
from jobs.domain.errors import FilesureError
from jobs.domain.job import Job
from jobs.exits import EXIT_FAILED, EXIT_WRONG_USE, interrupted_by_sigterm
from jobs.management.base import FilesureCommand, who, with_bar
from jobs.services import JobService, Order
from jobs.simulated_companies import simulated_companies
from jobs.web.directory import warning_of
from jobs.web.orders_csv import BATCH, Row, batches, read_rows

MOST_SIMULATED = 10_000


class Command(FilesureCommand):
    """Orders filings."""

    help = "Order the filings of simulated companies, of one company, or of all companies in a CSV file."
    epilog = "Exit codes: 0 all ordered; 1 some refused, the others ordered; 2 wrong use, nothing ordered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--count", type=int, metavar="N", help=f"N simulated companies, 1 to {MOST_SIMULATED:,}")
        what.add_argument("--cin", help="one company, by its CIN, LLPIN or FCRN")
        what.add_argument("--csv", type=Path, metavar="FILE", help="a file: cin, companyName, priority, notBefore")
        parser.add_argument(
            "--from-line", type=int, default=1, metavar="LINE", help="with --csv: skip the rows before this line"
        )
        parser.add_argument("--company", help="the company's name, with --cin")
        parser.add_argument("--priority", default="0", help="0 to 9; higher priorities are served first (default 0)")
        parser.add_argument(
            "--not-before",
            metavar="TIME",
            help="start no earlier, for example 2026-12-01T06:30 (UTC); in a CSV file, for rows without notBefore",
        )
        parser.add_argument("--again", action="store_true", help="order even if the company has an unfinished job")
        parser.add_argument("--fresh", action="store_true", help="download again what earlier orders have stored")
        parser.add_argument(
            "--allow-unknown-codes",
            action="store_true",
            help="accept unknown codes for state and class of company",
        )
        parser.add_argument("--dry-run", action="store_true", help="check everything and order nothing")

    def handle(self, *, count: int | None, cin: str | None, csv: Path | None, **options: Any) -> None:
        ordering = {
            "requested_by": who(),
            "again": options["again"],
            "preview": set() if options["dry_run"] else None,
            "allow_unknown_codes": options["allow_unknown_codes"],
        }
        self._for_all = {"not_before": options["not_before"], "fresh": options["fresh"]}
        if csv:
            self._from_csv(csv, options["from_line"], ordering)
        elif count is not None:
            self._simulated(count, options["priority"], ordering)
        else:
            order = Order(cin=cin or "", company_name=options["company"] or "", priority=options["priority"])
            self._one(order, ordering)

    def _one(self, order: Order, ordering: dict[str, Any]) -> None:
        if not order.company_name:
            raise CommandError('--cin needs --company, for example --company "Example Ltd".', returncode=EXIT_WRONG_USE)
        if warning := warning_of(order.cin, order.company_name):
            self.stderr.write(warning)
        result = application().service.order(self._completed([order]), **ordering)[0]
        if isinstance(result, FilesureError):
            raise result
        self._print(result, preview=ordering["preview"] is not None)

    def _completed(self, orders: Iterable[Order]) -> list[Order]:
        """The orders with the options that hold for all of them."""
        return [
            replace(order, not_before=order.not_before or self._for_all["not_before"], fresh=self._for_all["fresh"])
            for order in orders
        ]

    def _simulated(self, count: int, priority: str, ordering: dict[str, Any]) -> None:
        if not 1 <= count <= MOST_SIMULATED:
            raise CommandError(f"--count must be from 1 to {MOST_SIMULATED:,}.", returncode=EXIT_WRONG_USE)
        # Demo names need no cryptographic randomness.
        companies = simulated_companies(count, random.Random())  # noqa: S311
        orders = [Order(cin=cin, company_name=name, priority=priority) for cin, name in companies]
        for result in application().service.order(self._completed(orders), **ordering):
            if isinstance(result, FilesureError):
                raise result
            self._print(result, preview=ordering["preview"] is not None)

    def _print(self, job: Job, *, preview: bool) -> None:
        name = "would be ordered " if preview else job.id
        self.stdout.write(f"{name}  {job.cin}  {job.company_name}")

    def _from_csv(self, path: Path, first: int, ordering: dict[str, Any]) -> None:
        ordered = refused = 0
        service, next_line = application().service, first
        try:
            with interrupted_by_sigterm(), read_rows(path) as rows:
                for batch in batches(row for row in with_bar(rows, path) if row.line >= first):
                    next_line = batch[0].line
                    good, bad = self._order_batch(service, path, batch, ordering)
                    ordered, refused = ordered + good, refused + bad
        except (FilesureError, KeyboardInterrupt):
            if ordering["preview"] is None and next_line > first:
                self._report_cut_off(path, next_line, ordered, refused, again=ordering["again"])
            raise
        would_be = "would be " if ordering["preview"] is not None else ""
        self.stdout.write(f"{ordered:,} {would_be}ordered, {refused:,} refused.")
        if refused:
            sys.exit(EXIT_FAILED)

    def _report_cut_off(self, path: Path, line: int, ordered: int, refused: int, *, again: bool) -> None:
        self.stderr.write(
            f"{path.name}: cut off. Before line {line:,}: {ordered:,} ordered, {refused:,} refused."
            f" From there on, up to {BATCH:,} rows may be ordered."
        )
        hint = "compare with the site first, since --again would order these rows twice" if again else "this is safe"
        self.stderr.write(f"To continue, add --from-line {line}: {hint}.")

    def _order_batch(
        self, service: JobService, path: Path, batch: list[Row], ordering: dict[str, Any]
    ) -> tuple[int, int]:
        results = service.order(self._completed(row.order for row in batch if row.order), **ordering)
        if ordering["preview"] is not None:
            ordering["preview"] |= {job.cin for job in results if isinstance(job, Job)}
        left, bad = iter(results), 0
        for row in batch:
            problem = row.problem or next(left)
            if not isinstance(problem, Job):
                bad += 1
                self.stderr.write(f"{path.name}:{row.line}: {problem}")
        return len(batch) - bad, bad
