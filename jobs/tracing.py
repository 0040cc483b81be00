"""Traces: what became of one job, from its order to its last upload, with OpenTelemetry.

Off unless a collector is configured, and then nothing of OpenTelemetry is even imported; that is why every
import of it stands in a function. A collector that is away costs one warning, and at the end two seconds.

    order → claim → run → document → download, extraction, upload

A job begins a trace of its own, also within a list of thousands, and keeps its place in it (``traceContext``
in MongoDB). Its runs go on with that trace as children of the order. OpenTelemetry's conventions for messages
(https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/) have consumers link to what they
consume because one may take many messages at once. A run takes one job, a job has a handful of runs, and
people look for all of a job: with parents that is one trace, in every viewer.
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

from jobs import log_context, masking

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 2.0
_MOST_WAITING = 20_000  # spans that wait to be sent: the orders of one long list


@dataclass
class _Tracing:
    """What this process was configured to. ``endpoint`` is None while traces are off."""

    endpoint: str | None = None
    headers: str = ""
    service: str = ""
    provider: TracerProvider | None = None


_tracing = _Tracing()
_lock = threading.Lock()


def configure(endpoint: str | None, headers: str | None, service: str) -> None:
    """Have spans sent to a collector from now on. An address that cannot be one is said, and does no harm."""
    if endpoint and not _is_address(endpoint):
        logger.warning("tracing.off", extra={"reason": f"OTEL_EXPORTER_OTLP_ENDPOINT={endpoint} is no address."})
        endpoint = None
    _tracing.endpoint, _tracing.headers, _tracing.service = endpoint, headers or "", service
    _tracing.provider = None


def is_on() -> bool:
    """Whether spans are made."""
    return _tracing.endpoint is not None


def begin(name: str, fields: log_context.Fields) -> Span:
    """A span that begins a trace. It is told only if somebody ends it. Only while traces are on."""
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind

    tracer = _provider().get_tracer("filesure")
    return tracer.start_span(name, Context(), SpanKind.PRODUCER, attributes=_attributes(fields))


@contextmanager
def span(
    name: str, fields: log_context.Fields | None = None, *, parent: str | None = None, began: int | None = None
) -> Iterator[None]:
    """A piece of work. Log lines in it carry these fields and, if traces are on, the trace's id.

    ``parent`` is a traceparent; without, the span that we are in. ``began``: nanoseconds since 1970.
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
    """What became of the work of the span that we are in."""
    if is_on():
        from opentelemetry import trace

        here = trace.get_current_span()
        here.set_attribute("outcome", str(word))
        if error:
            _fail(here, error)


def traceparent(of: Span | None = None) -> str | None:
    """A span's place, by default of the one that we are in, as W3C Trace Context writes it; None if there is none."""
    if not is_on():
        return None
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier, trace.set_span_in_context(of) if of else None)
    return carrier.get("traceparent")


def flush() -> None:
    """Send what waits, for at most two seconds: at the end of a process."""
    if _tracing.provider:
        # In a thread, for the SDK waits as long as the collector does, whatever limit it is given.
        sending = threading.Thread(target=_tracing.provider.force_flush, daemon=True)
        sending.start()
        sending.join(FLUSH_SECONDS)
        if sending.is_alive():
            logging.getLogger("opentelemetry").warning("The collector did not answer within %g s.", FLUSH_SECONDS)


def _provider() -> TracerProvider:
    """Made at the first span: most commands have none, and a thread of ours must not see a fork."""
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
    theirs.handlers, theirs.propagate = [_FirstTrouble(logging.WARNING)], False
    headers = parse_env_headers(_tracing.headers, liberal=True)
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", headers=headers)
    # Its own flush at exit has no limit; ours has.
    provider = TracerProvider(resource=Resource.create({"service.name": _tracing.service}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=_MOST_WAITING))
    return provider


class _FirstTrouble(logging.Handler):
    """OpenTelemetry tells each failure of a collector that is away; the first says it all."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it as our own event, and be silent from then on."""
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
