"""``manage.py reextract``: read stored documents again."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from jobs.bootstrap import application
from jobs.domain.company_id import parse_company_id
from jobs.domain.filings.reading import READER_VERSION
from jobs.domain.rereading import Reread
from jobs.management.base import FilesureCommand, who


class Command(FilesureCommand):
    """Orders that stored documents are read again."""

    help = (
        "Read documents again from their stored originals, for example after an update of the reader. Orders one job"
        " for each job with such documents; these jobs are served after all others. A reading that finds less than the"
        " stored one never replaces it. If interrupted, run it again: what is already ordered is not ordered twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--form", help="only this form, as listed by the source, for example AOC-4")
        parser.add_argument(
            "--company", metavar="CIN", help="only the documents of this company, by its CIN, LLPIN or FCRN"
        )
        parser.add_argument("--since", type=_day, metavar="DATE", help="only documents stored since this day, UTC")
        parser.add_argument(
            "--version-below",
            type=int,
            default=READER_VERSION,
            metavar="N",
            help=(
                f"only documents read by a reader before version N, or not read at all. The default, {READER_VERSION},"
                f" is the current reader's version; {READER_VERSION + 1} selects all documents"
            ),
        )
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(
        self,
        *,
        form: str | None,
        company: str | None,
        since: datetime | None,
        version_below: int,
        dry_run: bool,
        **_: Any,
    ) -> None:
        app = application()
        cin = str(parse_company_id(company, this_year=app.clock().year, allow_unknown_codes=True)) if company else None
        wanted = Reread(job_id="", form=form, stored_since=since, below=version_below)
        jobs = documents = already = 0
        for each in app.rereading.order(wanted, cin=cin, requested_by=who(), preview=dry_run):
            if each.job_id is None:
                already += 1
            else:
                jobs, documents = jobs + 1, documents + each.documents
        done = "would be" if dry_run else "will be"
        self.stdout.write(f"{documents} documents of {jobs} jobs {done} read again.")
        if already:
            self.stdout.write(f"{already} jobs are already being read again.")


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is not a day such as 2026-01-31.") from None
