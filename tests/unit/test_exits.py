"""How processes end: a signal is heard whatever it interrupts."""

from __future__ import annotations

import subprocess
import sys
import time

from jobs.exits import SignalEvent

# Before each line of what the main thread does, and of all that it calls, comes a signal. threading.Event would hang.
INTERRUPTED = """
import signal, sys
from jobs.exits import SignalEvent

event, heard = SignalEvent(), 0

def hear(*_):
    global heard
    heard += 1
    event.set()

def interrupt(*_):
    signal.raise_signal(signal.SIGUSR1)
    return interrupt

signal.signal(signal.SIGUSR1, hear)
sys.settrace(interrupt)
for _ in range(3):
    event.wait(1)
    event.set()
sys.settrace(None)
print(heard > 10, event.is_set(), event.wait(60))
"""


def test_a_signal_may_interrupt_the_waiting_and_the_handler_before():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False, timeout=30)
    assert (done.stdout, done.stderr) == ("True True True\n", "")


def test_who_waits_is_woken_at_once_and_never_waits_again():
    event = SignalEvent()
    began = time.monotonic()
    assert not event.wait(0.05)
    assert time.monotonic() - began >= 0.04
    event.set()
    assert event.is_set()
    assert event.wait(60)
    assert event.wait(60)
    assert time.monotonic() - began < 30
