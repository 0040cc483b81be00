"""Links by which people without an account download an export. The secret is shown once and never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from jobs.bootstrap import application
from jobs.domain.audit import Action, Actor
from jobs.domain.errors import WrongUse
from jobs.domain.export import Export
from jobs.domain.job import Job, JobStatus
from jobs.domain.wrong_use import InvalidExport, LinkEnded, UnknownLink
from jobs.models import ExportLink
from jobs.services.exporting import expires_at
from jobs.web.auditing import recorded
from jobs.web.permissions import Permission
from jobs.web.request_context import asked_this_minute, client_address
from jobs.web.secret import digest_of, new_secret

PREFIX = "fsl_"
LONGEST_DAYS = 7
MOST_LIVING = 20
PER_MINUTE = 60
_FORGOTTEN_AFTER = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The target of a valid link."""

    link: ExportLink
    job: Job
    export: Export


def split(export_id: str) -> tuple[list[ExportLink], list[ExportLink]]:
    """An export's links: the active ones, and those that are revoked or have expired."""
    now, found = timezone.now(), list(ExportLink.objects.filter(export_id=export_id))
    living = [link for link in found if link.revoked_at is None and link.expires_at > now]
    return living, [link for link in found if link not in living]


def issue(job: Job, user: User, note: str, days: int, actor: Actor) -> tuple[ExportLink, str]:
    """Create a link that lasts as long as asked, but no longer than the export. Returns it with its secret.

    Raises InvalidExport.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidExport(f"A link lasts 1 to {LONGEST_DAYS} days.")
    if len(split(job.id)[0]) >= MOST_LIVING:
        raise InvalidExport(f"This export has {MOST_LIVING} links. Revoke one before you create another.")
    until, last = timezone.now() + timedelta(days=days), expires_at(job)
    if job.status is not JobStatus.COMPLETED or last is None:
        raise InvalidExport("A link can be created when the ZIP is finished.")
    ExportLink.objects.filter(expires_at__lt=timezone.now() - _FORGOTTEN_AFTER).delete()
    secret = new_secret(PREFIX)
    note = " ".join(note.split())[:80]
    with recorded(Action.SHARE, actor, f"{secret.shown}… {note}".strip(), job_id=job.id):
        link = ExportLink.objects.create(
            export_id=job.id,
            user=user,
            note=note,
            prefix=secret.shown,
            digest=secret.digest,
            expires_at=min(until, last),
        )
    return link, secret.text


def revoke(link: ExportLink, actor: Actor) -> None:
    """Idempotent."""
    with recorded(Action.UNSHARE, actor, f"{link.prefix}… {link.note}".strip(), job_id=link.export_id):
        ExportLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now())


def opened(secret: str) -> Opened:
    """Raises UnknownLink, LinkEnded: also if its creator's right has been withdrawn, or the export is gone."""
    link = ExportLink.objects.select_related("user").filter(digest=digest_of(secret)).first()
    if link is None:
        raise UnknownLink
    if link.revoked_at or not link.user.is_active or not link.user.has_perm(Permission.SHARE):
        raise LinkEnded("This link was revoked.")
    if link.expires_at <= timezone.now():
        raise LinkEnded("This link has expired.")
    try:
        job, export = application().exporting.get(link.export_id)
    except WrongUse:
        raise LinkEnded("The files of this link were deleted.") from None
    return Opened(link=link, job=job, export=export)


def count_download(found: Opened, request: HttpRequest, part: int, content_range: str) -> None:
    """Record a download of a part, or of a range of it, in the audit log. Only its beginning counts as a download."""
    actor = Actor(name=f"link {found.link.prefix}…", address=client_address(request))
    begun = int(not content_range or content_range.startswith("bytes 0-"))
    what = f"part {part}, {content_range}".removesuffix(", ")
    with recorded(Action.LINK_DOWNLOAD, actor, what, job_id=found.job.id):
        ExportLink.objects.filter(pk=found.link.pk).update(
            downloads=F("downloads") + begun, last_used_at=timezone.now()
        )


def is_within_limit(request: HttpRequest) -> bool:
    """Whether this address has opened links at most PER_MINUTE times in this minute, in this process."""
    return asked_this_minute(request, "links") <= PER_MINUTE
