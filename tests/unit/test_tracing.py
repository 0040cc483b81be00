"""Spans: what is told of a failure holds no secret, and a log line within one has its trace's id."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from jobs import log_context, tracing

SECRET = "mongodb://u:hidden@db/"


@pytest.fixture
def told(monkeypatch) -> InMemorySpanExporter:
    """The spans that have ended."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracing", tracing._Tracing(endpoint="http://unused", provider=provider))
    return exporter


def fail() -> None:
    with tracing.span("a.work", {"jobId": "1"}):
        raise ValueError(f"cannot reach {SECRET}")


def test_an_error_is_told_without_its_secrets_and_goes_on(told):
    with pytest.raises(ValueError, match="cannot reach"):
        fail()
    (span,) = told.get_finished_spans()
    (event,) = span.events
    assert span.status.description == event.attributes["exception.message"] == "cannot reach mongodb://u:***@db/"
    assert event.attributes["exception.type"] == "ValueError"
    assert "in fail" in event.attributes["exception.stacktrace"]
    assert "hidden" not in span.to_json()


def test_a_recorded_failure_is_told_without_its_secrets(told):
    with tracing.span("a.work"):
        tracing.outcome("failed", f"cannot reach {SECRET}")
    assert "hidden" not in told.get_finished_spans()[0].to_json()


def test_the_end_of_a_process_is_no_error(told):
    with pytest.raises(SystemExit), tracing.span("a.work"):
        raise SystemExit(3)
    assert told.get_finished_spans()[0].status.is_unset


def test_the_log_s_trace_id_is_the_span_s(told):
    with tracing.span("outer", {"jobId": "1"}), tracing.span("inner", {"document": 2}):
        known = dict(log_context.current())
    inner, outer = told.get_finished_spans()
    assert known == {"jobId": "1", "document": 2, "traceId": f"{outer.context.trace_id:032x}"}
    assert inner.parent.span_id == outer.context.span_id
    assert log_context.current() == {}


def test_a_traceparent_that_is_none_begins_a_trace(told):
    with tracing.span("run", parent="nonsense"):
        assert tracing.traceparent()
    assert told.get_finished_spans()[0].parent is None


def test_without_a_collector_a_span_is_its_fields_in_the_log_alone():
    with tracing.span("a.work", {"jobId": "1"}, parent="nonsense"):
        assert log_context.current() == {"jobId": "1"}
        tracing.outcome("stored", ValueError())
        assert tracing.traceparent() is None
    assert not tracing.is_on()
