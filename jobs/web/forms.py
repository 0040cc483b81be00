"""Forms for filters and uploads. Invalid filters are ignored and reported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, TypeVar

from django import forms
from django.utils import timezone

from jobs.domain.audit import Action, AuditFilter
from jobs.domain.document import DocumentStatus
from jobs.domain.filings.reading import ReadingState
from jobs.domain.job import JOB_ID, PRIORITIES, VISIBLE, JobStatus
from jobs.domain.listing import CompanyOrder, DocumentFilter, DocumentOrder, JobFilter, JobOrder, TextKind

E = TypeVar("E", JobOrder, DocumentStatus, TextKind)

COLUMNS = {
    "documents": "Documents",
    "runs": "Runs",
    "priority": "Priority",
    "by": "Ordered by",
    "created": "Ordered",
    "changed": "Last change",
}
_ANY = ("", "any")


class _Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class _Moment(forms.Field):
    """A time in ISO format; without an offset, in the page's zone."""

    def to_python(self, value: Any) -> datetime | None:
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(str(value))
            return timezone.localtime(moment if timezone.is_aware(moment) else timezone.make_aware(moment))
        except (ValueError, OverflowError) as error:  # overflow: before the year 1 or after 9999 in the page's zone
            raise forms.ValidationError("not a time") from error


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%-d %b %Y, %H:%M}"
    if isinstance(value, date):
        return f"{value:%-d %b %Y}"
    return "" if value is None else str(value).replace("_", " ")


def _order_field(orders: Mapping[Any, str]) -> forms.ChoiceField:
    return forms.ChoiceField(required=False, choices=[(str(order), text) for order, text in orders.items()])


class Search(forms.Form):
    """The filters that lists have in common."""

    q = forms.CharField(required=False, max_length=200)
    reason = forms.CharField(required=False, max_length=60)
    since = _Day(required=False, input_formats=["%Y-%m-%d"])
    until = _Day(required=False, input_formats=["%Y-%m-%d"])

    #: The filters shown as chips, with their labels.
    chip_labels: ClassVar[dict[str, str]] = {
        "q": "Search",
        "by": "By",
        "action": "Action",
        "job": "Job id",
        "priority": "Priority",
        "form": "Form",
        "reading": "Reading",
        "text": "Text",
        "reason": "Reason",
        "since": "From",
        "until": "To",
        "ended_since": "Ended from",
        "ended_until": "Ended before",
    }
    #: The orders of the list with their texts, the default first; empty if it has only one.
    orders: ClassVar[Mapping[Any, str]] = {}

    def __init__(self, query: Mapping[str, Any]) -> None:
        super().__init__(query)
        self.is_valid()
        self.given: dict[str, Any] = self.cleaned_data

    @classmethod
    def default_order(cls) -> str:
        return str(next(iter(cls.orders), ""))

    @property
    def chosen_order(self) -> str:
        return self.given.get("order") or self.default_order()

    @property
    def chips(self) -> list[tuple[str, str]]:
        """The active filters: name in the URL, and text. States are not among them: lists show these as tabs."""
        shown = [(name, _shown(self.given.get(name))) for name in self.chip_labels]
        return [(name, f"{self.chip_labels[name]}: {text}") for name, text in shown if text]

    @property
    def ignored(self) -> str:
        """A message that names the invalid filters; empty if there are none."""
        names = ", ".join(name for name in self.errors if name != "__all__")
        return f"These filters have invalid values and were ignored: {names}." if names else ""


class JobSearch(Search):
    """The job list's filters, from its URL."""

    status = forms.MultipleChoiceField(required=False, choices=[(str(s), str(s)) for s in VISIBLE])
    by = forms.CharField(required=False, max_length=150)
    ended_since = _Moment(required=False)
    ended_until = _Moment(required=False)
    in_list = forms.RegexField(r"^[0-9a-f]{24}\Z", required=False)
    priority = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, choices=[_ANY, *((str(p), str(p)) for p in reversed(PRIORITIES))]
    )
    orders: ClassVar[Mapping[Any, str]] = {
        JobOrder.NEWEST: "Newest first",
        JobOrder.OLDEST: "Oldest first",
        JobOrder.PRIORITY: "Highest priority first",
        JobOrder.COMPANY: "Company, A to Z",
    }
    order = _order_field(orders)
    columns = forms.MultipleChoiceField(required=False, choices=list(COLUMNS.items()))

    @property
    def wanted(self) -> JobFilter:
        given = self.given
        return JobFilter(
            text=given.get("q", ""),
            statuses=frozenset(JobStatus(s) for s in given.get("status", [])),
            requested_by=given.get("by", ""),
            priority=given.get("priority"),
            reason=given.get("reason", ""),
            list_id=given.get("in_list", ""),
            since=given.get("since"),
            until=given.get("until"),
            ended_since=given.get("ended_since"),
            ended_until=given.get("ended_until"),
            zone=timezone.get_current_timezone(),
        )

    @property
    def job_order(self) -> JobOrder:
        return JobOrder(self.chosen_order)

    @property
    def shown_columns(self) -> list[str]:
        """The chosen columns, by default all."""
        return list(self.given.get("columns") or COLUMNS)


class AuditSearch(Search):
    """The audit page's filters."""

    by = forms.CharField(required=False, max_length=150)
    job = forms.RegexField(JOB_ID, required=False)
    action = forms.ChoiceField(required=False, choices=[_ANY, *((str(a), str(a).replace("_", " ")) for a in Action)])

    @property
    def wanted(self) -> AuditFilter:
        given = self.given
        return AuditFilter(
            job_id=given.get("job", ""),
            by=given.get("by", ""),
            action=Action(given["action"]) if given.get("action") else None,
            since=given.get("since"),
            until=given.get("until"),
            zone=timezone.get_current_timezone(),
        )


class DocumentSearch(Search):
    """The document list's filters."""

    form = forms.CharField(required=False, max_length=60)
    status = forms.ChoiceField(required=False, choices=[_ANY, *((str(s), str(s)) for s in DocumentStatus)])
    text = forms.ChoiceField(required=False, choices=[_ANY, *((str(k), str(k)) for k in TextKind)])
    reading = forms.ChoiceField(
        required=False, choices=[_ANY, *((str(state), str(state).replace("_", " ")) for state in ReadingState)]
    )

    orders: ClassVar[Mapping[Any, str]] = {
        DocumentOrder.NEWEST: "Newest first",
        DocumentOrder.OLDEST: "Oldest first",
        DocumentOrder.COMPANY: "Company, A to Z",
        DocumentOrder.FORM: "Form, A to Z",
        DocumentOrder.FILED: "Latest filing date first",
        DocumentOrder.FILED_FIRST: "Earliest filing date first",
        DocumentOrder.LARGEST: "Largest first",
        DocumentOrder.SMALLEST: "Smallest first",
    }
    order = _order_field(orders)

    states: ClassVar[list[tuple[str | None, str]]] = [
        (None, "All"),
        (str(DocumentStatus.STORED), "Stored"),
        (str(DocumentStatus.FAILED), "Failed"),
        (str(DocumentStatus.LISTED), "Not downloaded yet"),
    ]

    @property
    def wanted(self) -> DocumentFilter:
        given = self.given
        return DocumentFilter(
            text=given.get("q", ""),
            document_type=given.get("form", ""),
            reason=given.get("reason", ""),
            status=DocumentStatus(given["status"]) if given.get("status") else None,
            text_kind=TextKind(given["text"]) if given.get("text") else None,
            reading=ReadingState(given["reading"]) if given.get("reading") else None,
            since=given.get("since"),
            until=given.get("until"),
        )

    @property
    def document_order(self) -> DocumentOrder:
        return DocumentOrder(self.chosen_order)


class CompanySearch(Search):
    """The company list's search."""

    reason = since = until = None  # type: ignore[assignment]  # removes these fields, as Django documents
    orders: ClassVar[Mapping[Any, str]] = {
        CompanyOrder.COMPANY: "Company, A to Z",
        CompanyOrder.NEWEST: "Latest order first",
    }
    order = _order_field(orders)

    @property
    def company_order(self) -> CompanyOrder:
        return CompanyOrder(self.chosen_order)


class UploadForm(forms.Form):
    """A CSV file of orders."""

    MOST_BYTES = 5_000_000

    file = forms.FileField(error_messages={"required": "Choose a CSV file first.", "empty": "The file is empty."})

    def clean_file(self) -> Any:
        """Refuse files that are too large for an upload."""
        file = self.cleaned_data["file"]
        if file.size > self.MOST_BYTES:
            size = f"{file.size / 1e6:.1f} MB"
            limit = f"{self.MOST_BYTES / 1e6:.0f} MB"
            raise forms.ValidationError(
                f"The file has {size}; the limit here is {limit}. For more, use manage.py create_jobs --csv FILE."
            )
        return file
