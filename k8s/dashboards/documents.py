"""Documents and storage: what is downloaded, read and uploaded, and what Azure Blob Storage says to it."""

from __future__ import annotations

from .frame import Row, rendered
from .panels import About, Level, Line, bars, graph, numbers
from .queries import (
    added,
    chosen,
    gained,
    live_per_second,
    live_quantile,
    now,
    per_minute,
    per_second,
    quantile,
    share,
)  # fmt: skip

_WORKER, _WEB = 'component="worker"', 'component="web"'


def documents() -> str:
    """The dashboard."""
    text = "Downloads, extraction and uploads of documents; Azure Blob Storage's operations and errors."
    rows = (_NOW, _THROUGHPUT, _TIMES, _EXTRACTION, _BLOBS)
    return rendered("Filesure / Documents and storage", "filesure-documents", text, rows)


def _errors(component: str) -> str:
    part, whole = "filesure:blob_errors:increase10m", "filesure:blob_operations:increase10m"
    return share(added(chosen(part, component)), added(chosen(whole, component)))


_NOW = Row(
    title="In the time shown",
    panels=(
        numbers(
            About(title="Documents by state", unit="short", width=8,
                  text="Documents there are, however old. A click opens the list of them.",
                  link="/documents/?status=${__field.labels.state}", to="Documents"),
            Line(expr=now("documents", by="state"), legend="{{state}}"),
        ),
        numbers(
            About(title="Listed", unit="short", width=4,
                  text="Documents that sources listed for jobs, in the time shown."),
            Line(expr=gained("documents_listed_total"), legend="listed"), instant=True,
        ),
        numbers(
            About(title="Stored", unit="short", width=4,
                  text="Documents uploaded and recorded, in the time shown.",
                  link="/documents/?status=stored", to="Stored documents"),
            Line(expr=gained("documents_stored_total"), legend="stored"), instant=True,
        ),
        numbers(
            About(title="Uploaded", unit="bytes", width=4,
                  text="Bytes of documents uploaded, without their texts, in the time shown."),
            Line(expr=gained("uploaded_bytes_total"), legend="uploaded"), instant=True,
        ),
        numbers(
            About(title="Failed tries", unit="percentunit", width=4,
                  text="Failed tries of documents, as a share of all, in the time shown.",
                  link="/documents/?status=failed", to="Failed documents",
                  levels=(Level(value=0.05, colour="orange"), Level(value=0.2, colour="red"))),
            Line(expr=share(gained("documents_failed_total"),
                            f"{gained('documents_failed_total')} + {gained('documents_stored_total')}"),
                            legend="failed"),
        ),
    ),
)  # fmt: skip

_THROUGHPUT = Row(
    title="Throughput",
    panels=(
        graph(
            About(title="Documents", unit="suffix: /min",
                  text="Documents a minute. Downloaded and not stored soon after: the upload fails.",
                  link="/documents/", to="Documents"),
            Line(expr=per_minute("documents_listed_total"), legend="listed"),
            Line(expr=per_minute("documents_downloaded_total"), legend="downloaded"),
            Line(expr=per_minute("documents_uploaded_total"), legend="uploaded"),
            Line(expr=per_minute("documents_stored_total"), legend="stored"),
        ),
        graph(
            About(title="Bytes", unit="Bps", text="What sources delivered, and what went to the blob store."),
            Line(expr=per_second("downloaded_bytes_total"), legend="downloaded"),
            Line(expr=per_second("uploaded_bytes_total"), legend="uploaded"),
            Line(expr=live_per_second("filesure_worker_downloaded_bytes_total"), legend="workers running now"),
        ),
        graph(
            About(title="Failed tries by reason", unit="suffix: /min",
                  text="Failed tries of documents a minute.",
                  link="/documents/?status=failed&reason=${__field.labels.reason}", to="Documents with this reason"),
            Line(expr=per_minute("documents_failed_total", by="reason"), legend="{{reason}}"),
            stacked=True,
        ),
    ),
)  # fmt: skip

_TIMES = Row(
    title="Times",
    panels=tuple(
        graph(
            About(title=title, unit="s", text=text),
            *(Line(expr=quantile(q, f"document_{step}_duration_seconds"), legend=name)
              for q, name in ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))),
        )
        for step, title, text in (
            ("download", "Download", "How long sources took to deliver a document."),
            ("extraction", "Extraction", "How long it took to read a document's text."),
            ("upload", "Upload", "How long a document and its text took to upload."),
        )
    ),
)  # fmt: skip

_EXTRACTION = Row(
    title="Extraction by method",
    panels=(
        graph(
            About(title="Documents read", unit="suffix: /min", text="Documents whose text was read, a minute."),
            Line(expr=per_minute("documents_extracted_total", by="method"), legend="{{method}}"),
            stacked=True,
        ),
        graph(
            About(title="How long it took", unit="s", text="95 % of the documents took no longer."),
            Line(expr=quantile(0.95, "document_extraction_duration_seconds", by="method"), legend="{{method}}"),
        ),
        bars(
            About(title="Methods, in the time shown", unit="short",
                  text="Documents read in the whole time that this dashboard shows."),
            Line(expr=f"sort_desc({gained('documents_extracted_total', by='method')} > 0)", legend="{{method}}"),
        ),
    ),
)  # fmt: skip

_BLOBS = Row(
    title="Azure Blob Storage",
    panels=(
        graph(
            About(title="Operations of the workers", unit="ops", text="Operations a second, in MongoDB's totals."),
            Line(expr=per_second("blob_operations_total", by="operation"), legend="{{operation}}"),
            stacked=True,
        ),
        graph(
            About(title="Operations of the web site", unit="ops", text="People who open documents."),
            Line(expr=live_per_second("filesure_web_blob_operations_total", by="operation"), legend="{{operation}}"),
            stacked=True,
        ),
        graph(
            About(title="Share of errors", unit="percentunit", most=1,
                  text="Over ten minutes. Dashed: where the alert is. A blob that is not there is no error.",
                  levels=(Level(value=0.05, colour="red"),)),
            Line(expr=_errors(_WORKER), legend="workers"),
            Line(expr=_errors(_WEB), legend="web site"),
        ),
        graph(
            About(title="Errors by kind", unit="ops",
                  text="Operations a second that did not end well, of workers and web site."),
            Line(expr=per_second("blob_operations_total", 'outcome!="ok"', by="outcome"),
                 legend="{{outcome}}, workers"),
            Line(expr=live_per_second("filesure_web_blob_operations_total", 'outcome!="ok"', by="outcome"),
                 legend="{{outcome}}, web site"),
            stacked=True,
        ),
        graph(
            About(title="Workers' operations", unit="s", text="95 % of the operations took no longer."),
            Line(expr=quantile(0.95, "blob_operation_duration_seconds", by="operation"), legend="{{operation}}"),
        ),
        graph(
            About(title="The web site's operations", unit="s", text="95 % of the operations took no longer."),
            Line(expr=live_quantile(0.95, "filesure_web_blob_operation_duration_seconds", by="operation"),
                 legend="{{operation}}"),
        ),
        bars(
            About(title="Operations of the workers, in the time shown", unit="short", width=24,
                  text="By operation and how they ended."),
            Line(expr=f"sort_desc({gained('blob_operations_total', by='operation, outcome')} > 0)",
                 legend="{{operation}}: {{outcome}}"),
        ),
    ),
)  # fmt: skip
