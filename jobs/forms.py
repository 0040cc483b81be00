"""What people type and choose, checked. A filter that makes no sense is dropped, and said to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django import forms

from jobs.domain.document import DocumentStatus
from jobs.domain.job import PRIORITIES, JobStatus
from jobs.domain.listing import DocumentFilter, JobFilter, JobOrder, TextKind

E = TypeVar("E", JobOrder, DocumentStatus, TextKind)

COLUMNS = {"documents": "Documents", "runs": "Runs", "priority": "Priority", "by": "Ordered by", "created": "Ordered",
           "changed": "Last change"}  # fmt: skip
ORDERS = {
    JobOrder.NEWEST: "Newest first", JobOrder.OLDEST: "Oldest first", JobOrder.PRIORITY: "Highest priority first",
    JobOrder.COMPANY: "Company, A to Z",
}  # fmt: skip
_ANY = ("", "any")


class _Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class _Search(forms.Form):
    q = forms.CharField(required=False, max_length=200)
    reason = forms.CharField(required=False, max_length=60)
    since = _Day(required=False, input_formats=["%Y-%m-%d"])
    until = _Day(required=False, input_formats=["%Y-%m-%d"])

    def __init__(self, query: Mapping[str, Any]) -> None:
        super().__init__(query)
        self.is_valid()
        self.given: dict[str, Any] = self.cleaned_data

    @property
    def ignored(self) -> str:
        """What is said about filters that make no sense; empty if all do."""
        names = ", ".join(name for name in self.errors if name != "__all__")
        return f"Ignored, for it makes no sense: {names}." if names else ""


class JobSearch(_Search):
    """The filters of the list of jobs, as they stand in its address."""

    status = forms.MultipleChoiceField(required=False, choices=[(str(s), str(s)) for s in JobStatus])
    by = forms.CharField(required=False, max_length=150)
    priority = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, choices=[_ANY, *((str(p), str(p)) for p in reversed(PRIORITIES))]
    )
    order = forms.ChoiceField(required=False, choices=[(str(order), text) for order, text in ORDERS.items()])
    columns = forms.MultipleChoiceField(required=False, choices=list(COLUMNS.items()))

    @property
    def wanted(self) -> JobFilter:
        """The filter."""
        given = self.given
        return JobFilter(
            text=given.get("q", ""), statuses=frozenset(JobStatus(s) for s in given.get("status", [])),
            requested_by=given.get("by", ""), priority=given.get("priority"), reason=given.get("reason", ""),
            since=given.get("since"), until=given.get("until"),
        )  # fmt: skip

    @property
    def job_order(self) -> JobOrder:
        """The order."""
        return JobOrder(self.given.get("order") or JobOrder.NEWEST)

    @property
    def shown_columns(self) -> list[str]:
        """All columns unless some were chosen."""
        return list(self.given.get("columns") or COLUMNS)


class DocumentSearch(_Search):
    """The filters of the list of documents."""

    form = forms.CharField(required=False, max_length=60)
    status = forms.ChoiceField(required=False, choices=[_ANY, *((str(s), str(s)) for s in DocumentStatus)])
    text = forms.ChoiceField(required=False, choices=[_ANY, *((str(k), str(k)) for k in TextKind)])

    @property
    def wanted(self) -> DocumentFilter:
        """The filter."""
        given = self.given
        return DocumentFilter(
            text=given.get("q", ""), document_type=given.get("form", ""), reason=given.get("reason", ""),
            status=DocumentStatus(given["status"]) if given.get("status") else None,
            text_kind=TextKind(given["text"]) if given.get("text") else None,
            since=given.get("since"), until=given.get("until"),
        )  # fmt: skip


class UploadForm(forms.Form):
    """A CSV file of orders."""

    MOST_BYTES = 5_000_000

    file = forms.FileField(error_messages={"required": "Choose a CSV file first.", "empty": "The file is empty."})

    def clean_file(self) -> Any:
        """Refuse what is too large for a page."""
        file = self.cleaned_data["file"]
        if file.size > self.MOST_BYTES:
            size = f"{file.size / 1e6:.1f} MB"
            limit = f"{self.MOST_BYTES / 1e6:.0f} MB"
            raise forms.ValidationError(
                f"The file has {size}; a page takes {limit} at most. For more: manage.py create_jobs --csv FILE."
            )
        return file
