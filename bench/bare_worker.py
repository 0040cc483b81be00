"""What a pod does, as a bare script: claims a job, and stores and reads some documents with one write each per step.

python -m bench.bare_worker claim|work URI DATABASE FOLDER COUNT STORE

It reads files from FOLDER, and stores them, and the files inside them, in the folder STORE, or in Azure if STORE is a
connection string. It neither checks fences and holds, nor looks for known files, nor logs and measures. Prints the
CPU seconds of the process that reads files.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pymongo

if TYPE_CHECKING:
    from bench.bare_reading import Found

Put = Callable[[str, bytes, str], None]
_LEASED = timedelta(minutes=1)


def connect(uri: str, name: str) -> pymongo.database.Database:  # type: ignore[type-arg]
    return pymongo.MongoClient(uri)[name]


def take(database: pymongo.database.Database) -> dict[str, object] | None:  # type: ignore[type-arg]
    """The next due job, with a lease."""
    now = datetime.now(UTC)
    lease = {"jobStatus": "processing", "lockedBy": "bare", "lockedAt": now, "runAfter": now + _LEASED}
    order = [("priority", -1), ("turn", 1), ("createdAt", 1)]
    update = {"$set": lease, "$inc": {"fence": 1, "runs": 1}}
    found: dict[str, object] | None = database["bare_jobs"].find_one_and_update(
        {"runAfter": {"$lte": now}}, update, sort=order
    )
    return found


def claim(uri: str, name: str) -> None:
    """The init container: claim a job, and write its id to a file."""
    job = take(connect(uri, name))
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(f"JOB_ID='{job['_id'] if job else ''}'\n")


def work(uri: str, name: str, folder: Path, count: int, store: str) -> None:
    """The worker: list the folder, then store and read ``count`` of its files."""
    database = connect(uri, name)
    job = take(database)
    if job is None:
        return
    from bench.bare_reading import read

    put, documents, files = putter(store, str(job["_id"])), database["bare_documents"], sorted(folder.iterdir())
    documents.insert_many([{"_id": (key := f"{job['_id']}/{each.name}"), "filingKey": key} for each in files])
    database["bare_jobs"].update_one({"_id": job["_id"]}, {"$set": {"total": len(files)}})

    def store_found(found: Found, name: str) -> dict[str, object]:
        if found.text:
            put(f"{name}.txt", found.text.encode(), "text/plain")
        if found.record:
            put(f"{name}.json", json.dumps(found.record).encode(), "application/json")
        if found.thumbnail:
            put(f"{name}.png", found.thumbnail, "image/png")
        pages = [{"content": name, "page": page, "text": text} for page, text in enumerate(found.text.split("\f"))]
        database["bare_pages"].insert_many(pages)
        return {"reading": {"state": "read", "pages": len(pages)}}

    for file in files[:count]:
        data, key = file.read_bytes(), f"{job['_id']}/{file.name}"
        put(file.name, data, "application/pdf")
        documents.update_one({"_id": key}, {"$set": stored(data)})
        found = read(file)
        for number, inner in enumerate(found.inside):
            put(f"{file.name}/{number}", inner.data, "application/octet-stream")
            reading = store_found(inner, f"{file.name}/{number}")
            documents.insert_one({"_id": f"{key}/{number}", **stored(inner.data), **reading})
        documents.update_one({"_id": key}, {"$set": store_found(found, file.name)})
    read.close()
    database["bare_jobs"].update_one({"_id": job["_id"]}, {"$set": {"jobStatus": "pending"}, "$unset": {"runAfter": 0}})


def stored(data: bytes) -> dict[str, object]:
    return {"status": "stored", "checksum": hashlib.sha256(data).hexdigest(), "fileSize": len(data)}


def putter(store: str, job_id: str) -> Put:
    """Stores bytes under a name of the job."""
    if store.startswith("/"):
        root = Path(store) / job_id
        root.mkdir(parents=True)

        def save(name: str, data: bytes, content_type: str) -> None:
            del content_type
            with tempfile.NamedTemporaryFile(dir=root, delete=False) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).rename(root / name.replace("/", "_"))

        return save
    from azure.storage.blob import BlobServiceClient, ContentSettings

    container = BlobServiceClient.from_connection_string(store).get_container_client("bare-worker")

    def upload(name: str, data: bytes, content_type: str) -> None:
        settings = ContentSettings(content_type=content_type)
        container.upload_blob(f"{job_id}/{name}", data, content_settings=settings, overwrite=False)

    return upload


if __name__ == "__main__":
    if sys.argv[1] == "claim":
        claim(sys.argv[2], sys.argv[3])
    else:
        work(sys.argv[2], sys.argv[3], Path(sys.argv[4]), int(sys.argv[5]), sys.argv[6])
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    sys.stdout.write(f"{used.ru_utime + used.ru_stime}\n")
