"""The indexes of all collections, as data."""

from __future__ import annotations

from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel

from jobs.adapters.mongo.records import SCHEMA_VERSION

#: The filter of jobs stored by an earlier version.
OUTDATED = {"schemaVersion": {"$lt": SCHEMA_VERSION}}
#: DocumentDB would rather read all jobs.
OUTDATED_INDEX = "outdated"

#: Indexes of earlier versions, by their fields; dropped once all jobs are migrated.
RETIRED: dict[str, list[tuple[str, ...]]] = {"jobs": [("companyName", "_id"), ("companyName", "cin", "_id")]}

#: Records with notes of events that nobody has read yet.
NOTED = IndexModel([("notedAt", ASCENDING)], name="notedAt", sparse=True)

INDEXES: dict[str, list[IndexModel]] = {
    "jobs": [
        # The claim, in claim order. Contains unfinished jobs only, so its size does not grow with history.
        IndexModel(
            [("priority", DESCENDING), ("turn", ASCENDING), ("createdAt", ASCENDING), ("runAfter", ASCENDING)],
            name="due",
            partialFilterExpression={"runAfter": {"$exists": True}},
        ),
        # The turns of new jobs: the latest started turn, and a requester's last turn.
        IndexModel(
            [("priority", ASCENDING), ("turn", DESCENDING)],
            name="priority_turn",
            partialFilterExpression={"startedAt": {"$exists": True}},
        ),
        IndexModel(
            [("requestedBy", ASCENDING), ("priority", ASCENDING), ("turn", DESCENDING)],
            name="requestedBy_priority_turn",
            partialFilterExpression={"runAfter": {"$exists": True}},
        ),
        # The longest-waiting job of each priority.
        IndexModel(
            [("priority", ASCENDING), ("runAfter", ASCENDING)],
            name="priority_runAfter",
            partialFilterExpression={"runAfter": {"$exists": True}},
        ),
        # The count of due jobs.
        IndexModel([("runAfter", ASCENDING)], name="runAfter", sparse=True),
        # Rejects the second of two simultaneous orders of the same company.
        IndexModel([("unfinishedCin", ASCENDING)], name="unfinishedCin", unique=True, sparse=True),
        IndexModel([("cin", ASCENDING), ("jobStatus", ASCENDING)], name="cin_jobStatus"),
        # Job lists: their filters and sort orders.
        IndexModel([("jobStatus", ASCENDING), ("_id", ASCENDING)], name="jobStatus_id"),
        IndexModel([("requestedBy", ASCENDING), ("_id", ASCENDING)], name="requestedBy_id"),
        IndexModel([("priority", ASCENDING), ("_id", ASCENDING)], name="priority_id"),
        IndexModel([("companyKey", ASCENDING), ("_id", ASCENDING)], name="companyKey_id"),
        # The list of companies: hops from one to the next.
        IndexModel([("companyKey", ASCENDING), ("cin", ASCENDING), ("_id", DESCENDING)], name="companyKey_cin"),
        IndexModel(
            [("lastError.kind", ASCENDING), ("_id", ASCENDING)],
            name="lastError.kind_id",
            partialFilterExpression={"lastError.kind": {"$exists": True}},
        ),
        IndexModel([("words", ASCENDING)], name="words"),
        IndexModel(
            [("listId", ASCENDING), ("_id", ASCENDING)],
            name="listId_id",
            partialFilterExpression={"listId": {"$exists": True}},
        ),
        # Whether a list has unfinished orders. Contains unfinished jobs only.
        IndexModel(
            [("listId", ASCENDING), ("runAfter", ASCENDING)],
            name="listId_runAfter",
            partialFilterExpression={"listId": {"$exists": True}, "runAfter": {"$exists": True}},
        ),
        # The dashboard: jobs by end time, and current leases.
        IndexModel(
            [("completedAt", ASCENDING), ("jobStatus", ASCENDING)],
            name="completedAt_jobStatus",
            partialFilterExpression={"completedAt": {"$exists": True}},
        ),
        IndexModel([("leaseExpiresAt", ASCENDING)], name="leaseExpiresAt", sparse=True),
        # Jobs in progress, also between two runs.
        IndexModel(
            [("startedAt", DESCENDING)],
            name="begun",
            partialFilterExpression={"startedAt": {"$exists": True}, "runAfter": {"$exists": True}},
        ),
        # Exports: all of them, those of an order or a company, and the ended ones.
        IndexModel([("_id", DESCENDING)], name="exports", partialFilterExpression={"export.scope": {"$exists": True}}),
        IndexModel(
            [("export.of", ASCENDING), ("_id", DESCENDING)],
            name="export.of_id",
            partialFilterExpression={"export.scope": {"$exists": True}},
        ),
        IndexModel(
            [("completedAt", ASCENDING)],
            name="export_ended",
            partialFilterExpression={"export.scope": {"$exists": True}},
        ),
        # Jobs that the ledger has not counted yet.
        IndexModel([("uncounted", ASCENDING)], name="uncounted", sparse=True),
        NOTED,
        # Jobs to migrate. Empty once all are migrated; without it, each start would scan all jobs.
        IndexModel([("schemaVersion", ASCENDING)], name=OUTDATED_INDEX, partialFilterExpression=OUTDATED),
    ],
    "deleted_jobs": [NOTED],
    "deleted_watches": [NOTED],
    "documents": [
        IndexModel([("jobId", ASCENDING), ("documentNumber", ASCENDING)], name="jobId_documentNumber", unique=True),
        # Of two workers that list a job at once, only one can store a filing.
        IndexModel(
            [("jobId", ASCENDING), ("filingKey", ASCENDING)],
            name="jobId_filingKey",
            unique=True,
            partialFilterExpression={"filingKey": {"$exists": True}},
        ),
        IndexModel(
            [
                ("jobId", ASCENDING),
                ("status", ASCENDING),
                ("attempts", ASCENDING),
                ("documentNumber", ASCENDING),
            ],
            name="jobId_status_attempts",
        ),
        # A job's page: failed documents first.
        IndexModel([("jobId", ASCENDING), ("status", ASCENDING), ("_id", ASCENDING)], name="jobId_status_id"),
        IndexModel([("status", ASCENDING), ("_id", ASCENDING)], name="status_id"),
        IndexModel([("documentType", ASCENDING), ("_id", ASCENDING)], name="documentType_id"),
        IndexModel([("cin", ASCENDING), ("_id", ASCENDING)], name="cin_id"),
        # The sort orders of the list, also of the documents without such a value.
        IndexModel([("companyKey", ASCENDING), ("_id", ASCENDING)], name="companyKey_id"),
        IndexModel([("filedOn", ASCENDING), ("_id", ASCENDING)], name="filedOn_id"),
        IndexModel([("fileSize", ASCENDING), ("_id", ASCENDING)], name="fileSize_id"),
        # The search box.
        IndexModel(
            [("srn", ASCENDING), ("_id", ASCENDING)], name="srn_id", partialFilterExpression={"srn": {"$exists": True}}
        ),
        # A company's records, for example all its financial statements by year.
        IndexModel(
            [("cin", ASCENDING), ("record.form", ASCENDING), ("record.yearEnd", DESCENDING)],
            name="cin_form_year",
        ),
        # A company's documents with the same content.
        IndexModel(
            [("checksum", ASCENDING), ("cin", ASCENDING), ("_id", DESCENDING)],
            name="checksum_cin_id",
            partialFilterExpression={"checksum": {"$exists": True}},
        ),
        # The documents that have a blob, or a folder's blobs, in common.
        IndexModel(
            [("blobName", ASCENDING), ("_id", DESCENDING)],
            name="blobName_id",
            partialFilterExpression={"blobName": {"$exists": True}},
        ),
        IndexModel(
            [("reserved.blobName", ASCENDING)],
            name="reserved.blobName",
            partialFilterExpression={"reserved.blobName": {"$exists": True}},
        ),
        # Lists by the reason of an error.
        IndexModel(
            [("error.kind", ASCENDING), ("_id", ASCENDING)],
            name="error.kind_id",
            partialFilterExpression={"error.kind": {"$exists": True}},
        ),
        # Lists by the state of readings.
        IndexModel([("reading.state", ASCENDING), ("_id", ASCENDING)], name="reading.state_id"),
    ],
    "pages": [
        IndexModel([("text", TEXT)], name="text", default_language="none"),
        IndexModel([("content", ASCENDING), ("page", ASCENDING)], name="content_page", unique=True),
        # On DocumentDB, to read the pages of a form and year if they are few.
        IndexModel([("form", ASCENDING), ("year", ASCENDING)], name="form_year"),
        IndexModel([("year", ASCENDING)], name="year"),
    ],
    # People and amounts that filings state.
    "facts": [
        IndexModel([("content", ASCENDING), ("number", ASCENDING)], name="content_number", unique=True),
        IndexModel(
            [("keys", ASCENDING), ("year", DESCENDING)],
            name="keys_year",
            partialFilterExpression={"keys": {"$exists": True}},
        ),
        IndexModel(
            [("din", ASCENDING), ("year", DESCENDING)],
            name="din_year",
            partialFilterExpression={"din": {"$exists": True}},
        ),
        *(
            IndexModel(
                [*((field, ASCENDING) for field in fields), ("amount", DESCENDING)],
                name="_".join([*fields, "amount"]),
                partialFilterExpression={"amount": {"$exists": True}},
            )
            for fields in ((), ("cin",), ("form",), ("year",), ("form", "year"))
        ),
    ],
    "usage": [
        IndexModel([("month", DESCENDING), ("by", ASCENDING)], name="month_by"),
        IndexModel([("by", ASCENDING), ("month", DESCENDING)], name="by_month"),
    ],
    "allowances": [],
    # Typing a company's name: how it begins, and keys of its words.
    "directory": [
        IndexModel([("plainName", ASCENDING)], name="plainName"),
        IndexModel([("keys", ASCENDING)], name="keys"),
    ],
    # Hosts that no worker has used for a day are forgotten.
    "hosts": [IndexModel([("usedAt", ASCENDING)], name="usedAt", expireAfterSeconds=86_400)],
    "breakers": [],
    "pauses": [],
    "lists": [NOTED],
    "endpoints": [NOTED],
    "subscriptions": [],
    # Due deliveries, those of one target, and the log.
    "deliveries": [
        IndexModel([("nextAt", ASCENDING)], name="nextAt", sparse=True),
        IndexModel(
            [("target", ASCENDING), ("nextAt", ASCENDING)],
            name="target_nextAt",
            partialFilterExpression={"nextAt": {"$exists": True}},
        ),
        IndexModel([("target", ASCENDING), ("_id", DESCENDING)], name="target_id"),
        IndexModel([("state", ASCENDING), ("_id", DESCENDING)], name="state_id"),
        IndexModel([("channel", ASCENDING), ("_id", DESCENDING)], name="channel_id"),
    ],
    # Refused rows can be saved for 90 days.
    "refusals": [
        IndexModel([("listId", ASCENDING), ("line", ASCENDING)], name="listId_line", unique=True),
        IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=90 * 86_400),
    ],
    # Running bulk actions by the end of their lease, and a user's actions.
    "bulk_actions": [
        IndexModel([("leaseUntil", ASCENDING)], name="leaseUntil", sparse=True),
        IndexModel([("by", ASCENDING), ("_id", DESCENDING)], name="by_id"),
    ],
    # A user's views of a list by name, which is unique; and the shared ones.
    "saved_views": [
        IndexModel([("owner", ASCENDING), ("listing", ASCENDING), ("name", ASCENDING)], name="owner_name", unique=True),
        IndexModel(
            [("listing", ASCENDING), ("name", ASCENDING)],
            name="shared_name",
            partialFilterExpression={"shared": {"$exists": True}},
        ),
    ],
    # Refused jobs can be saved for 90 days.
    "bulk_refusals": [
        IndexModel([("bulkId", ASCENDING), ("jobId", ASCENDING)], name="bulkId_jobId", unique=True),
        IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=90 * 86_400),
    ],
    # Watches of a company and of a user, one of each; those that are due, and those with a recheck.
    "watches": [
        IndexModel([("cin", ASCENDING), ("by", ASCENDING)], name="cin_by", unique=True),
        IndexModel([("by", ASCENDING), ("_id", DESCENDING)], name="by_id"),
        IndexModel([("listId", ASCENDING), ("_id", DESCENDING)], name="listId_id"),
        IndexModel([("nextAt", ASCENDING)], name="nextAt", sparse=True),
        IndexModel([("jobId", ASCENDING)], name="jobId", sparse=True),
        NOTED,
    ],
    # Uploads that are not confirmed are deleted after an hour.
    "uploads": [IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=3600)],
    "idempotency": [
        IndexModel([("key", ASCENDING)], name="key", unique=True),
        IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=86_400),
    ],
    "totals": [],
    "parts": [
        IndexModel([("waiting", ASCENDING)], name="waiting", sparse=True),
        IndexModel([("countedAt", ASCENDING)], name="countedAt", sparse=True),
    ],
    "audit": [
        IndexModel([("jobId", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)], name="jobId_at"),
        IndexModel([("by", ASCENDING), ("_id", DESCENDING)], name="by_id"),
        IndexModel([("action", ASCENDING), ("_id", DESCENDING)], name="action_id"),
    ],
    "runs": [
        IndexModel([("jobId", ASCENDING), ("number", ASCENDING)], name="jobId_number", unique=True),
        # The duration of the latest runs.
        IndexModel([("finishedAt", DESCENDING)], name="finishedAt", sparse=True),
        # The dashboard: the longest wait of each period.
        IndexModel([("startedAt", ASCENDING), ("waitedSeconds", ASCENDING)], name="startedAt_waitedSeconds"),
    ],
    "run_details": [IndexModel([("jobId", ASCENDING), ("number", ASCENDING)], name="jobId_number", unique=True)],
}
