"""A worker works even if the port for its metrics is taken."""

from __future__ import annotations

import socket
import threading

import pytest
from prometheus_client import CollectorRegistry

from jobs.configuration.table import load
from worker import metrics
from worker.metrics import _served
from worker.stopping import Stop


def test_taken_port_stays_out_of_run_errors():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = load({"METRICS_PORT": str(taken.getsockname()[1]), "METRICS_HOST": "127.0.0.1"})
        with pytest.raises(ZeroDivisionError) as caught, _served(CollectorRegistry(), config, Stop()):
            raise ZeroDivisionError
    assert caught.value.__context__ is None


def test_worker_does_not_wait_for_its_server(monkeypatch):
    asked, answered = threading.Event(), threading.Event()

    class Server:
        server_port = 9100

        def shutdown(self) -> None:
            asked.set()
            assert answered.wait(30), "the worker waited"

        def server_close(self) -> None:
            pass

    monkeypatch.setattr(metrics, "start_http_server", lambda *_: (Server(), None))
    with _served(CollectorRegistry(), load({}), Stop()):
        pass
    assert asked.wait(30)
    answered.set()
