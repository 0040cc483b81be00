"""Log lines have their context in every thread, and uncaught errors are logged too."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jobs.adapters.memory import MemoryJobRepository
from jobs.configuration.table import BASE_DIR
from jobs.domain.errors import DatabaseUnavailable
from jobs.telemetry import logs
from jobs.telemetry.log_context import bound, current
from jobs.telemetry.metrics import Unmeasured
from tests.making import a_job
from tests.unit.worker.world import World
from worker.heartbeat import Heartbeat
from worker.hold import Hold
from worker.stopping import Stop

ABOUT = {"jobId": "65a1f0c2b7e4d3a291f0c2b7", "run": 2, "worker": "w"}

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """A function that returns the lines logged so far."""
    out, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(out), root.level
    handler.setFormatter(logs.formatter("json"))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_line_includes_its_context(lines):
    with bound(**ABOUT), bound(document=4):
        logging.getLogger("tests").info("a.line", extra={"documents": 12})
    (line,) = lines()
    assert line.pop("time")
    assert line == {"event": "a.line", "level": "INFO", "logger": "tests", "documents": 12, "document": 4, **ABOUT}


def test_console_lines_hold_the_same_fields():
    record = logging.makeLogRecord({"msg": "a.line", "levelname": "INFO", "documents": 12})
    with bound(**ABOUT):
        line = logs.formatter("console").format(record)
    assert line.endswith(" INFO    a.line jobId=65a1f0c2b7e4d3a291f0c2b7 run=2 worker=w documents=12")


def test_line_fields_override_the_context(lines):
    with bound(worker="w", run=1):
        logging.getLogger("tests").info("a.line", extra={"worker": "another"})
    assert [(line["worker"], line["run"]) for line in lines()] == [("another", 1)]


def test_context_ends_with_its_block():
    def fail() -> None:
        with bound(jobId="1", cin=None):
            raise ValueError(dict(current()))

    with pytest.raises(ValueError, match=r"^\{'jobId': '1'\}$"):
        fail()
    assert current() == {}


def test_run_lines_name_job_and_document(lines, clock):
    world = World(clock)
    world.source.meet = _fail_at_3
    job = world.jobs.claim_next("w", 60)
    with bound(**job.log_context()):
        world.pipeline().run(job)
    about = {"jobId": job.id, "cin": job.cin, "run": 1, "fence": 1, "worker": "w"}
    assert {line["event"] for line in lines()} == {
        "run.started",
        "job.listed",
        "document.stored",
        "document.read",
        "document.unexpected",
        "document.failed",
        "run.ended",
    }
    assert all(about.items() <= line.items() for line in lines())
    documents = [line["document"] for line in lines() if line["event"].startswith("document.")]
    assert sorted(documents) == [1, 1, 2, 2, 3, 3, 4, 4]


def _fail_at_3(filing, attempt) -> None:
    if filing.number == 3:
        raise RuntimeError("the third")


def test_heartbeat_lines_name_the_job(lines, clock):
    class UnavailableRepository(MemoryJobRepository):
        def renew(self, *_):
            stop_waiting.set()
            raise DatabaseUnavailable("db:27017")

    stop_waiting, stop = threading.Event(), Stop()
    hold = Hold(UnavailableRepository(clock), a_job(clock(), locked_by="w").lease, 0.1, stop, 0.1)
    with bound(**ABOUT), Heartbeat(hold, 0.1, Unmeasured()):
        assert stop_waiting.wait(10)
    assert lines()[0]["event"] == "heartbeat.missed"
    assert ABOUT.items() <= lines()[0].items()


UNCAUGHT = """
import threading
from jobs.telemetry import logs
from jobs.configuration.table import load
logs.configure(load({"LOG_FORMAT": "json", "MONGODB_URI": "mongodb://u:hidden-one@h/"}))
def fail():
    raise ValueError("it says hidden-one")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


def test_uncaught_error_is_a_masked_line():
    done = subprocess.run([sys.executable, "-c", UNCAUGHT], cwd=BASE_DIR, text=True, capture_output=True, check=False)
    assert done.returncode == 1
    assert "hidden-one" not in done.stderr
    for line in map(json.loads, done.stderr.splitlines()):
        assert (line["event"], line["level"]) == ("process.unexpected", "CRITICAL")
        assert line["exc_info"].endswith("ValueError: it says ***")
    assert len(done.stderr.splitlines()) == 2


GUNICORN = """
import logging
from gunicorn.config import Config
from filesure_site.gunicorn_conf import logger_class
log = logger_class(Config())
log.error("it says %s", "hidden-one")
"""


def test_gunicorn_lines_are_masked_json():
    settings = {"LOG_FORMAT": "json", "MONGODB_URI": "mongodb://u:hidden-one@h/"}
    done = subprocess.run(
        [sys.executable, "-c", GUNICORN], cwd=BASE_DIR, text=True, capture_output=True, check=True, env=settings
    )
    (line,) = map(json.loads, done.stderr.splitlines())
    assert (line["event"], line["logger"]) == ("it says ***", "gunicorn.error")
