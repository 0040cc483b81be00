"""SIGTERM and Ctrl-C: the first asks to stop, a second one ends the process where it is."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

from jobs.exits import EXIT_FAILED, EXIT_INTERRUPTED


def on_stop(ask: Callable[[], None], give_up_seconds: float | None = None) -> None:
    """Call ``ask`` at the first signal. What is still here ``give_up_seconds`` later is ended.

    The latter is for a process that hangs in a server which never answers: its lease runs out.
    """
    asked = False

    def heard(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os._exit(EXIT_INTERRUPTED)
        asked = True
        ask()
        if give_up_seconds is not None:
            timer = threading.Timer(give_up_seconds, os._exit, [EXIT_FAILED])
            timer.daemon = True
            timer.start()

    signal.signal(signal.SIGTERM, heard)
    signal.signal(signal.SIGINT, heard)
