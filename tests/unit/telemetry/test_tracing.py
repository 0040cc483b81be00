"""Spans record failures without secrets, and log lines carry their trace id."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from jobs.telemetry import log_context, tracing

SECRET = "mongodb://u:hidden@db/"


@pytest.fixture
def shown(monkeypatch) -> InMemorySpanExporter:
    """The ended spans."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracing", tracing._Tracing(endpoint="http://unused", provider=provider))
    return exporter


def fail() -> None:
    with tracing.span("a.work", {"jobId": "1"}):
        raise ValueError(f"cannot reach {SECRET}")


def test_error_is_recorded_masked_and_reraised(shown):
    with pytest.raises(ValueError, match="cannot reach"):
        fail()
    (span,) = shown.get_finished_spans()
    (event,) = span.events
    assert span.status.description == event.attributes["exception.message"] == "cannot reach mongodb://u:***@db/"
    assert event.attributes["exception.type"] == "ValueError"
    assert "in fail" in event.attributes["exception.stacktrace"]
    assert "hidden" not in span.to_json()


def test_recorded_failure_is_masked(shown):
    with tracing.span("a.work"):
        tracing.outcome("failed", f"cannot reach {SECRET}")
    assert "hidden" not in shown.get_finished_spans()[0].to_json()


def test_process_exit_is_no_error(shown):
    with pytest.raises(SystemExit), tracing.span("a.work"):
        raise SystemExit(3)
    assert shown.get_finished_spans()[0].status.is_unset


def test_log_and_span_share_trace_ids(shown):
    with tracing.span("outer", {"jobId": "1"}), tracing.span("inner", {"document": 2}):
        known = dict(log_context.current())
    inner, outer = shown.get_finished_spans()
    assert known == {"jobId": "1", "document": 2, "traceId": f"{outer.context.trace_id:032x}"}
    assert inner.parent.span_id == outer.context.span_id
    assert log_context.current() == {}


def test_invalid_traceparent_starts_a_trace(shown):
    with tracing.span("run", parent="nonsense"):
        assert tracing.traceparent()
    assert shown.get_finished_spans()[0].parent is None


def test_without_collector_spans_only_log_fields():
    with tracing.span("a.work", {"jobId": "1"}, parent="nonsense"):
        assert log_context.current() == {"jobId": "1"}
        tracing.outcome("stored", ValueError())
        assert tracing.traceparent() is None
    assert not tracing.is_on()
