"""The details of runs as stored in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from jobs.domain.run_details import DocumentTimes, LogLine, RunDetails, Step, StepKind


def details_fields(details: RunDetails) -> dict[str, Any]:
    """Without the identity of the run."""
    return {
        "fence": details.fence,
        "lines": [asdict(line) for line in details.lines],
        "documents": [_document_fields(each) for each in details.documents],
        "others": details.others,
        "otherSeconds": {str(kind): seconds for kind, seconds in details.other_seconds.items()},
    }


def _document_fields(times: DocumentTimes) -> dict[str, Any]:
    steps = [{"kind": str(step.kind), "start": step.start, "seconds": step.seconds} for step in times.steps]
    return {"number": times.number, "name": times.name, "steps": steps}


def to_details(record: Mapping[str, Any]) -> RunDetails:
    return RunDetails(
        job_id=record["jobId"],
        number=record["number"],
        fence=record["fence"],
        lines=tuple(LogLine(**line) for line in record["lines"]),
        documents=tuple(_to_document(each) for each in record["documents"]),
        others=record["others"],
        other_seconds={StepKind(kind): seconds for kind, seconds in record["otherSeconds"].items()},
    )


def _to_document(stored: Mapping[str, Any]) -> DocumentTimes:
    steps = tuple(
        Step(kind=StepKind(step["kind"]), start=step["start"], seconds=step["seconds"]) for step in stored["steps"]
    )
    return DocumentTimes(number=stored["number"], name=stored["name"], steps=steps)
