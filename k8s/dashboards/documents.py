"""Documents and storage: downloads, uploads, readings, and the responses of Azure Blob Storage."""

from __future__ import annotations

from .frame import Row, rendered
from .panels import About, Level, Line, bars, graph, numbers
from .portals import PORTALS
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
)

_WORKER, _WEB = 'component="worker"', 'component="web"'


def documents() -> str:
    text = "Downloads, uploads and readings of documents; Azure Blob Storage's operations and errors."
    rows = (_NOW, _THROUGHPUT, _TIMES, PORTALS, _READING, _BLOBS)
    return rendered("Filesure / Documents and storage", "filesure-documents", text, rows)


def _errors(component: str) -> str:
    part, whole = "filesure:blob_errors:increase10m", "filesure:blob_operations:increase10m"
    return share(added(chosen(part, component)), added(chosen(whole, component)))


_NOW = Row(
    title="In the time shown",
    panels=(
        numbers(
            About(
                title="Documents by state",
                unit="short",
                width=8,
                text="All documents by state. A click opens their list.",
                link="/documents/?status=${__field.labels.state}",
                to="Documents",
            ),
            Line(expr=now("documents", by="state"), legend="{{state}}"),
        ),
        numbers(
            About(
                title="Listed", unit="short", width=4, text="Documents that sources listed for jobs, in the time shown."
            ),
            Line(expr=gained("documents_listed_total"), legend="listed"),
            instant=True,
        ),
        numbers(
            About(
                title="Stored",
                unit="short",
                width=4,
                text="Documents stored in the time shown, uploaded or linked to an earlier copy.",
                link="/documents/?status=stored",
                to="Stored documents",
            ),
            Line(expr=gained("documents_stored_total"), legend="stored"),
            instant=True,
        ),
        numbers(
            About(
                title="Uploaded",
                unit="bytes",
                width=4,
                text="Bytes of documents uploaded, without their texts, in the time shown.",
            ),
            Line(expr=gained("uploaded_bytes_total"), legend="uploaded"),
            instant=True,
        ),
        numbers(
            About(
                title="Failed tries",
                unit="percentunit",
                width=4,
                text="Failed document attempts as a share of all, in the time shown.",
                link="/documents/?status=failed",
                to="Failed documents",
                levels=(Level(value=0.05, colour="orange"), Level(value=0.2, colour="red")),
            ),
            Line(
                expr=share(
                    gained("documents_failed_total"),
                    f"{gained('documents_failed_total')} + {gained('documents_stored_total')}",
                ),
                legend="failed",
            ),
        ),
    ),
)

_THROUGHPUT = Row(
    title="Throughput",
    panels=(
        graph(
            About(
                title="Documents",
                unit="suffix: /min",
                text="Per minute. Linked: stored earlier. If downloads are not stored soon after, uploads fail.",
                link="/documents/",
                to="Documents",
            ),
            Line(expr=per_minute("documents_listed_total"), legend="listed"),
            Line(expr=per_minute("documents_downloaded_total"), legend="downloaded"),
            Line(expr=per_minute("documents_uploaded_total"), legend="uploaded"),
            Line(expr=per_minute("documents_linked_total"), legend="linked"),
            Line(expr=per_minute("documents_stored_total"), legend="stored"),
        ),
        graph(
            About(title="Bytes", unit="Bps", text="Bytes downloaded from sources, and uploaded to the blob store."),
            Line(expr=per_second("downloaded_bytes_total"), legend="downloaded"),
            Line(expr=per_second("uploaded_bytes_total"), legend="uploaded"),
            Line(expr=live_per_second("filesure_worker_downloaded_bytes_total"), legend="workers running now"),
        ),
        graph(
            About(
                title="Failed attempts by reason",
                unit="suffix: /min",
                text="Failed document attempts per minute.",
                link="/documents/?status=failed&reason=${__field.labels.reason}",
                to="Documents with this reason",
            ),
            Line(expr=per_minute("documents_failed_total", by="reason"), legend="{{reason}}"),
            stacked=True,
        ),
    ),
)

_TIMES = Row(
    title="Times",
    panels=tuple(
        graph(
            About(title=title, unit="s", text=text),
            *(
                Line(expr=quantile(q, f"{step}_duration_seconds"), legend=name)
                for q, name in ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
            ),
        )
        for step, title, text in (
            ("document_download", "Download", "Duration of downloads from sources."),
            ("document_upload", "Upload", "Duration of uploads of originals."),
            ("reading", "Reading", "Duration of reading a document, after it is stored."),
        )
    ),
)

_READING = Row(
    title="Reading",
    panels=(
        graph(
            About(
                title="Readings by state",
                unit="suffix: /min",
                text="Documents read per minute. They are stored whatever their state.",
            ),
            Line(expr=per_minute("readings_total", by="state"), legend="{{state}}"),
            stacked=True,
        ),
        graph(
            About(title="Reading time by method", unit="s", text="95 % of the documents took no longer."),
            Line(expr=quantile(0.95, "reading_duration_seconds", by="method"), legend="{{method}}"),
        ),
        bars(
            About(
                title="Methods in the time shown",
                unit="short",
                text="Documents read in the whole time shown.",
            ),
            Line(expr=f"sort_desc({gained('readings_total', by='method')} > 0)", legend="{{method}}"),
        ),
    ),
)

_BLOBS = Row(
    title="Azure Blob Storage",
    panels=(
        graph(
            About(
                title="Operations of the workers", unit="ops", text="Operations per second, from the durable totals."
            ),
            Line(expr=per_second("blob_operations_total", by="operation"), legend="{{operation}}"),
            stacked=True,
        ),
        graph(
            About(
                title="Operations of the web site",
                unit="ops",
                text="Operations per second for users who open documents.",
            ),
            Line(expr=live_per_second("filesure_web_blob_operations_total", by="operation"), legend="{{operation}}"),
            stacked=True,
        ),
        graph(
            About(
                title="Share of errors",
                unit="percentunit",
                most=1,
                text="Over ten minutes. Dashed: the alert's threshold. A missing blob does not count as an error.",
                levels=(Level(value=0.05, colour="red"),),
            ),
            Line(expr=_errors(_WORKER), legend="workers"),
            Line(expr=_errors(_WEB), legend="web site"),
        ),
        graph(
            About(
                title="Errors by kind",
                logs="blob[.]failed",
                unit="ops",
                width=12,
                text="Failed operations per second, of workers and web site.",
            ),
            Line(
                expr=per_second("blob_operations_total", 'outcome!="ok"', by="outcome"), legend="{{outcome}}, workers"
            ),
            Line(
                expr=live_per_second("filesure_web_blob_operations_total", 'outcome!="ok"', by="outcome"),
                legend="{{outcome}}, web site",
            ),
            stacked=True,
        ),
        graph(
            About(title="Workers' operations", unit="s", width=12, text="Duration of one operation, with retries."),
            *(
                Line(
                    expr=quantile(q, "blob_operation_duration_seconds", by="operation"), legend="{{operation}}, " + name
                )
                for q, name in ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
            ),
        ),
        graph(
            About(
                title="Retries by Azure's client",
                unit="ops",
                width=12,
                text="Retries within operations, of workers and web site. Many retries come before errors.",
            ),
            Line(expr=per_second("blob_retries_total", by="reason"), legend="{{reason}}, workers"),
            Line(expr=live_per_second("filesure_web_blob_retries_total", by="reason"), legend="{{reason}}, web site"),
            stacked=True,
        ),
        graph(
            About(
                title="The web site's operations", unit="s", width=12, text="Duration of one operation, with retries."
            ),
            *(
                Line(
                    expr=live_quantile(q, "filesure_web_blob_operation_duration_seconds", by="operation"),
                    legend="{{operation}}, " + name,
                )
                for q, name in ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
            ),
        ),
        bars(
            About(
                title="Operations of the workers in the time shown",
                unit="short",
                width=24,
                text="By operation and outcome.",
            ),
            Line(
                expr=f"sort_desc({gained('blob_operations_total', by='operation, outcome')} > 0)",
                legend="{{operation}}: {{outcome}}",
            ),
        ),
    ),
)
