"""Packs the documents of an export, part by part.

Each part is streamed into a blob with a name of its own, and counts once it is recorded with the job. So a worker that
dies leaves at most a blob that nobody refers to; the next one removes it and starts that part again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO

from jobs.domain.document import folders_of
from jobs.domain.errors import BlobNotFound, ExportImpossible, FilesureError
from jobs.domain.export import Entry, Export, Part, blob_names, part_blob_name, plan_blob_name
from jobs.domain.export_manifest import as_csv, as_json, from_json, lines
from jobs.domain.job import Job, Progress
from jobs.domain.wrong_use import UnknownDocument
from worker.fetching import Result, Stored
from worker.stopping import Reason, Stop
from worker.zipping import Member, made_now, zipped

if TYPE_CHECKING:
    from jobs.ports import BlobStore, DocumentRepository, JobRepository
    from worker.hold import Hold

_CHUNK = 1024 * 1024


class Interrupted(FilesureError):
    """The run must stop; the part in progress is dropped."""

    kind = "interrupted"


@dataclass(kw_only=True)
class Exporter:
    """Packs parts until all are done, the run must stop, or ``seconds`` have passed since it began.

    ``on_stored`` is called with the size of each document in a finished part, ``on_progress`` with the number of
    documents that are done and their total.
    """

    jobs: JobRepository
    documents: DocumentRepository
    blobs: BlobStore
    hold: Hold
    stop: Stop
    seconds: float
    save_seconds: float
    on_stored: Callable[[int], object]
    on_progress: Callable[[int, int], object]
    is_paused: Callable[[], bool]
    _done: int = 0
    _total: int = 0
    _saved_at: float = field(default_factory=time.monotonic)

    def pack(self, job: Job) -> Result:
        """Raises LeaseLost, ExportImpossible, BlobStoreUnavailable, BlobStoreRefused."""
        assert job.export  # noqa: S101  only exports get here
        export, entries, began = job.export, self._plan(job), time.monotonic()
        self._remove_leftovers(job)
        self._done, self._total = export.packed, job.progress.total or 0
        for number in range(len(export.parts) + 1, export.planned + 1):
            if self.stop or (number > len(job.export.parts) + 1 and time.monotonic() - began > self.seconds):
                break
            try:
                part = self._part(job, export, entries, number)
            except Interrupted:
                break
            export = replace(export, parts=(*export.parts, part))
            self._record(job, export, entries, part)
        return Stored(read=False)

    def _plan(self, job: Job) -> list[Entry]:
        try:
            with self.blobs.open(plan_blob_name(job.id)) as blob:
                return from_json(blob.read())
        except BlobNotFound:
            raise ExportImpossible("The list of documents is missing. Order the ZIP again.") from None

    def _remove_leftovers(self, job: Job) -> None:
        """Parts of earlier runs that were never recorded."""
        assert job.export  # noqa: S101
        needed = blob_names(job.id, job.export)
        for name in list(self.blobs.names(folders_of(job.id)[0])):
            if name not in needed:
                self.blobs.delete(name, up_to_fence=job.fence - 1)

    def _record(self, job: Job, export: Export, entries: Sequence[Entry], part: Part) -> None:
        if export.planned == part.number and not any(each.documents for each in export.parts):
            raise ExportImpossible("None of the documents exists any more.")
        progress = Progress(total=job.progress.total, downloaded=export.packed)
        self.hold.check()
        self.jobs.save_export(job.lease, export, progress)
        for index, entry in enumerate(entries):
            if entry.part == part.number and entry.file and index not in part.gone:
                self.on_stored(entry.file.size)

    def _part(self, job: Job, export: Export, entries: Sequence[Entry], number: int) -> Part:
        """One ZIP with its manifest at the end, which also lists the parts before it."""
        name = part_blob_name(job.id, job.fence, number)
        empty, metadata = Part(number=number, blob_name=name, size=0, documents=0), {"jobId": job.id}
        with ThreadPoolExecutor(1) as hashing:  # hashing takes as long as writing, and can run at the same time
            content = _Content(self, export, entries, empty, hashing)
            stream = zipped(content.members(lambda: self._tick(job)))
            blob = self.blobs.put_stream(
                name, stream, content_type="application/zip", fence=job.fence, metadata=metadata
            )
        return replace(content.part(), size=blob.size)

    def open(self, entry: Entry) -> BinaryIO:
        """The original, also if reading it again has given its document the copy of another order.

        Raises BlobNotFound.
        """
        assert entry.file  # noqa: S101  others have no part
        try:
            return self.blobs.open(entry.file.blob_name)
        except BlobNotFound:
            with suppress(UnknownDocument):
                now = self.documents.get(entry.job_id, entry.number).file
                if now and now.checksum == entry.file.checksum and now.blob_name != entry.file.blob_name:
                    return self.blobs.open(now.blob_name)
            raise

    def check(self) -> None:
        """Call before each chunk. Raises Interrupted, LeaseLost."""
        if self.stop.reason is Reason.LOST:
            self.hold.check()
        if self.stop:
            raise Interrupted("The run stops.")

    def _tick(self, job: Job) -> None:
        """Another document is packed: show it, at most once a second."""
        self._done += 1
        self.on_progress(self._done, self._total)
        if time.monotonic() - self._saved_at < self.save_seconds:
            return
        self._saved_at = time.monotonic()
        self.hold.check()
        self.jobs.save_progress(job.lease, Progress(total=self._total, downloaded=min(self._done, self._total)))
        if self.is_paused():
            self.stop.request(Reason.PAUSED)


class _Content:
    """The files of one part, and what is wrong with them."""

    def __init__(
        self, exporter: Exporter, export: Export, entries: Sequence[Entry], part: Part, hashing: ThreadPoolExecutor
    ) -> None:
        self._exporter, self._export, self._entries, self._empty = exporter, export, entries, part
        self._hashing = hashing
        self._documents = 0
        self._gone: list[int] = []
        self._damaged: list[int] = []

    def part(self) -> Part:
        return replace(self._empty, documents=self._documents, gone=tuple(self._gone), damaged=tuple(self._damaged))

    def members(self, on_packed: Callable[[], None]) -> Iterator[Member]:
        made = made_now()
        for index, entry in enumerate(self._entries):
            if entry.part != self._empty.number or entry.file is None:
                continue
            chunks = self._chunks(index, entry, entry.file.checksum)
            try:
                first = next(chunks, b"")
            except BlobNotFound:
                self._gone.append(index)
            else:
                yield Member(path=entry.path, size=entry.file.size, chunks=_joined(first, chunks), made=made)
                self._documents += 1
            on_packed()
        for name, text in self._manifest().items():
            data = text.encode()
            yield Member(path=name, size=len(data), chunks=[data], made=made)

    def _manifest(self) -> dict[str, str]:
        whole = replace(self._export, parts=(*self._export.parts, self.part()))
        found = list(lines(self._entries, whole, up_to=self._empty.number))
        return {"manifest.csv": as_csv(found), "manifest.json": as_json(found)}

    def _chunks(self, index: int, entry: Entry, checksum: str) -> Iterator[bytes]:
        """Raises BlobNotFound before the first chunk, Interrupted, LeaseLost."""
        digest = hashlib.sha256()
        hashed: Future[None] | None = None
        with self._exporter.open(entry) as blob:
            while chunk := blob.read(_CHUNK):
                self._exporter.check()
                if hashed:
                    hashed.result()
                hashed = self._hashing.submit(digest.update, chunk)
                yield chunk
        if hashed:
            hashed.result()
        if checksum != f"sha256:{digest.hexdigest()}":
            self._damaged.append(index)


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
