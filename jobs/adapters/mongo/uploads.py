"""Uploaded lists in MongoDB. All web processes can read them, and a TTL index deletes old ones."""

from __future__ import annotations

from bson import Binary, ObjectId
from bson.errors import InvalidId
from pymongo.database import Database

from jobs.adapters.mongo.connection import Document, translated
from jobs.domain.wrong_use import UnknownUpload
from jobs.ports import Clock


class MongoUploadStore:
    """``jobs.ports.UploadStore`` on the collection ``uploads``."""

    def __init__(self, database: Database[Document], clock: Clock) -> None:
        self._uploads = database["uploads"]
        self._clock = clock

    @translated
    def keep(self, owner: str, name: str, data: bytes) -> str:
        row = {"owner": owner, "name": name, "data": Binary(data), "at": self._clock()}
        return str(self._uploads.insert_one(row).inserted_id)

    @translated
    def get(self, upload_id: str, owner: str) -> tuple[str, bytes]:
        try:
            row = self._uploads.find_one({"_id": ObjectId(upload_id)})
        except InvalidId as error:
            raise UnknownUpload from error
        if row is None or row["owner"] != owner:
            raise UnknownUpload
        return row["name"], bytes(row["data"])

    @translated
    def delete(self, upload_id: str) -> None:
        self._uploads.delete_one({"_id": ObjectId(upload_id)})
