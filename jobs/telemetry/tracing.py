"""OpenTelemetry traces of a job, from its order to its last upload.

Tracing is off unless a collector is configured. OpenTelemetry is imported only then, so all its imports are inside
functions. An unreachable collector causes one warning and delays exit by two seconds.

    order → claim → run → document → download, upload, reading

Every job has its own trace, even if thousands are ordered at once, and stores its order's span (``traceContext`` in
MongoDB) as the parent of its runs. OpenTelemetry's messaging conventions
(https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/) use links instead, because a consumer may
take many messages at once. A run takes one job, so with parents every viewer shows everything about a job in one
trace.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jobs.telemetry import log_context, masking

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 2.0
_MOST_WAITING = 20_000  # unsent spans: enough for the orders of one long list


@dataclass
class _Tracing:
    """This process's configuration. ``endpoint`` is None while tracing is off."""

    endpoint: str | None = None
    headers: str = ""
    service: str = ""
    provider: TracerProvider | None = None


_tracing = _Tracing()
_lock = threading.Lock()


def configure(endpoint: str | None, headers: str | None, service: str) -> None:
    """From now on, send spans to a collector. An invalid address is logged and turns tracing off."""
    if endpoint and not _is_address(endpoint):
        logger.warning(
            "tracing.off", extra={"reason": f"OTEL_EXPORTER_OTLP_ENDPOINT={endpoint} is not a valid address."}
        )
        endpoint = None
    _tracing.endpoint, _tracing.headers, _tracing.service = endpoint, headers or "", service
    _tracing.provider = None


def is_on() -> bool:
    return _tracing.endpoint is not None


def begin(name: str, fields: log_context.Fields) -> Span:
    """Start a trace and return its root span, which the caller must end. Call only while tracing is on."""
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind

    tracer = _provider().get_tracer("filesure")
    return tracer.start_span(name, Context(), SpanKind.PRODUCER, attributes=_attributes(fields))


@contextmanager
def span(
    name: str, fields: log_context.Fields | None = None, *, parent: str | None = None, began: int | None = None
) -> Iterator[None]:
    """Trace the block. Its log lines contain these fields and, if tracing is on, the trace id.

    ``parent`` is a traceparent, by default the current span. ``began`` is in nanoseconds since 1970.
    """
    with log_context.bound(**fields or {}):
        if not is_on():
            yield
        else:
            with _recorded(name, parent, began):
                yield


@contextmanager
def _recorded(name: str, parent: str | None, began: int | None) -> Iterator[None]:
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    above = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
    kind = trace.SpanKind.CONSUMER if parent else trace.SpanKind.INTERNAL
    attributes = _attributes(log_context.current())
    made = _provider().get_tracer("filesure").start_span(name, above, kind, attributes, start_time=began)
    trace_id = trace.format_trace_id(made.get_span_context().trace_id)
    with (
        trace.use_span(made, end_on_exit=True, record_exception=False, set_status_on_exception=False),
        log_context.bound(traceId=trace_id),
    ):
        try:
            yield
        except Exception as error:
            _fail(made, error)
            raise


def outcome(word: str, error: Exception | str | None = None) -> None:
    """Set the outcome of the current span."""
    if is_on():
        from opentelemetry import trace

        here = trace.get_current_span()
        here.set_attribute("outcome", str(word))
        if error:
            _fail(here, error)


def traceparent(of: Span | None = None) -> str | None:
    """A span's W3C traceparent, by default the current span's; None if there is no span."""
    if not is_on():
        return None
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier, trace.set_span_in_context(of) if of else None)
    return carrier.get("traceparent")


def flush() -> None:
    """Send the remaining spans at exit; takes at most two seconds."""
    if _tracing.provider:
        # In a thread, because the SDK ignores its time limit while the collector does not respond.
        sending = threading.Thread(target=_tracing.provider.force_flush, daemon=True)
        sending.start()
        sending.join(FLUSH_SECONDS)
        if sending.is_alive():
            logging.getLogger("opentelemetry").warning("The collector did not answer within %g s.", FLUSH_SECONDS)


def _provider() -> TracerProvider:
    """Created with the first span: most commands have none, and its thread must not start before a fork."""
    with _lock:
        _tracing.provider = _tracing.provider or _new_provider(_tracing.endpoint or "")
        return _tracing.provider


def _new_provider(endpoint: str) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.util.re import parse_env_headers

    theirs = logging.getLogger("opentelemetry")
    theirs.handlers, theirs.propagate = [_WarnOnce(logging.WARNING)], False
    headers = parse_env_headers(_tracing.headers, liberal=True)
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", headers=headers)
    # Its own flush at exit has no time limit; ours has one.
    provider = TracerProvider(resource=Resource.create({"service.name": _tracing.service}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=_MOST_WAITING))
    return provider


class _WarnOnce(logging.Handler):
    """Logs only the first failure of the collector; OpenTelemetry would log all of them."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the first failure as our own event and drop the others."""
        self.setLevel(logging.CRITICAL + 1)
        logger.warning("tracing.failing", extra={"reason": record.getMessage()})


def _attributes(fields: log_context.Fields) -> dict[str, str | int]:
    return {
        name: value if isinstance(value, int) else str(value) for name, value in fields.items() if value is not None
    }


def _fail(failed: Span, error: Exception | str) -> None:
    from opentelemetry.trace import Status, StatusCode

    message = masking.mask(str(error))
    failed.set_status(Status(StatusCode.ERROR, message))
    if isinstance(error, Exception):
        trace = masking.mask("".join(traceback.format_exception(error)))
        failed.record_exception(error, {"exception.message": message, "exception.stacktrace": trace})


def _is_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
