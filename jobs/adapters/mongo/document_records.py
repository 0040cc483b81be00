"""Documents as stored in MongoDB. Names are in camelCase; unknown values have no field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jobs.adapters.mongo.readings import midnight, to_reading
from jobs.adapters.mongo.records import known
from jobs.domain import document as doc
from jobs.domain.company_names import company_key

if TYPE_CHECKING:
    from jobs.domain.job import Job


def new_document_record(job: Job, filing: doc.Filing, key: str, fence: int, now: datetime) -> dict[str, Any]:
    return known(
        {
            "jobId": job.id,
            "documentNumber": filing.number,
            "filingKey": key,
            "cin": job.cin,
            "companyName": job.company_name,
            "companyKey": company_key(job.company_name),
            "documentType": filing.document_type,
            "srn": filing.srn,
            "filedOn": midnight(filing.filed_on),
            "fileName": filing.file_name,
            "status": str(doc.DocumentStatus.LISTED),
            "attempts": 0,
            "fence": fence,
            "createdAt": now,
        }
    )


def attachment_fields(attachment: doc.Document, now: datetime) -> dict[str, Any]:
    """The record of a stored attachment, without its reading."""
    assert attachment.file  # noqa: S101  attachments are recorded once they are stored
    return {
        "jobId": attachment.job_id,
        "documentNumber": attachment.filing.number,
        "parentNumber": attachment.parent,
        "cin": attachment.cin,
        "companyName": attachment.company_name,
        "companyKey": company_key(attachment.company_name),
        "documentType": attachment.filing.document_type,
        "fileName": attachment.filing.file_name,
        "status": str(doc.DocumentStatus.STORED),
        "attempts": 0,
        "downloadedAt": now,
        **file_fields(attachment.file),
    }


def file_fields(file: doc.StoredFile) -> dict[str, Any]:
    """The additional fields of a stored document."""
    return known(
        {
            "blobName": file.blob_name,
            "blobUrl": file.blob_url,
            "fileSize": file.size,
            "contentType": file.content_type,
            "checksum": file.checksum,
        }
    )


def to_document(record: Mapping[str, Any]) -> doc.Document:
    get = record.get
    error, file = get("error"), _to_file(record) if "blobName" in record else None
    is_stored = record["status"] == str(doc.DocumentStatus.STORED)
    return doc.Document(
        id=str(record["_id"]),
        job_id=record["jobId"],
        cin=record["cin"],
        company_name=record["companyName"],
        filing=to_filing(record),
        status=doc.DocumentStatus(record["status"]),
        attempts=record["attempts"],
        error=doc.DocumentError(kind=error["kind"], message=error["message"]) if error else None,
        file=file if is_stored else None,
        reserved=(_to_file(record["reserved"]) if "reserved" in record else None) if is_stored else file,
        reading=to_reading(record) if is_stored else None,
        unended_readings=get("unendedReadings", 0),
        parent=get("parentNumber"),
        downloaded_at=get("downloadedAt"),
        created_at=record["createdAt"],
    )


def to_filing(record: Mapping[str, Any]) -> doc.Filing:
    filed_on = record.get("filedOn")
    return doc.Filing(
        number=record["documentNumber"],
        document_type=record["documentType"],
        file_name=record["fileName"],
        srn=record.get("srn"),
        filed_on=filed_on.date() if filed_on else None,
    )


def _to_file(record: Mapping[str, Any]) -> doc.StoredFile:
    return doc.StoredFile(
        blob_name=record["blobName"],
        blob_url=record["blobUrl"],
        size=record["fileSize"],
        content_type=record["contentType"],
        checksum=record["checksum"],
    )
