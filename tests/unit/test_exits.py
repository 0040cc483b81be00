"""Signals are handled, whatever code they interrupt."""

from __future__ import annotations

import subprocess
import sys
import time

from jobs.exits import SignalEvent

# A signal arrives before each line that the main thread executes. threading.Event would hang.
INTERRUPTED = """
import signal, sys
from jobs.exits import SignalEvent

event, signals = SignalEvent(), 0

def count(*_):
    global signals
    signals += 1
    event.set()

def interrupt(*_):
    signal.raise_signal(signal.SIGUSR1)
    return interrupt

signal.signal(signal.SIGUSR1, count)
sys.settrace(interrupt)
for _ in range(3):
    event.wait(1)
    event.set()
sys.settrace(None)
print(signals > 10, event.is_set(), event.wait(60))
"""


def test_signals_may_interrupt_wait_and_handler():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False, timeout=30)
    assert (done.stdout, done.stderr) == ("True True True\n", "")


def test_waiters_wake_immediately_and_permanently():
    event = SignalEvent()
    began = time.monotonic()
    assert not event.wait(0.05)
    assert time.monotonic() - began >= 0.04
    event.set()
    assert event.is_set()
    assert event.wait(60)
    assert event.wait(60)
    assert time.monotonic() - began < 30
