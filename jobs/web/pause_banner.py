"""The banner that every page shows during a pause. Each web process reads the pauses at most once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from jobs.bootstrap import application
from jobs.bootstrap.once import once
from jobs.domain.errors import FilesureError
from jobs.domain.pausing import Pause

FRESH_SECONDS, AWAY_SECONDS = 1.0, 5.0
_READ_SECONDS = 0.5


class PauseWatch:
    """The current pauses; none while MongoDB is unreachable, so that error pages do not wait for it. Thread-safe."""

    def __init__(self, read: Callable[[], list[Pause]]) -> None:
        self._read = read
        self._pauses: list[Pause] = []
        self._read_again_at = float("-inf")
        self._lock = threading.Lock()

    def __call__(self) -> list[Pause]:
        with self._lock:
            if time.monotonic() >= self._read_again_at:
                self._renew()
            return self._pauses

    def _renew(self) -> None:
        try:
            self._pauses, seconds = self._read(), FRESH_SECONDS
        except FilesureError:
            self._pauses, seconds = [], AWAY_SECONDS
        self._read_again_at = time.monotonic() + seconds

    def forget(self) -> None:
        """Read again at the next call, since a pause has changed."""
        self._read_again_at = float("-inf")


@once
def watch() -> PauseWatch:
    """This process's watch."""
    return PauseWatch(_current)


def _current() -> list[Pause]:
    app = application()
    with app.within(_READ_SECONDS):
        return app.pauses.current()


def pauses(_request: HttpRequest) -> dict[str, object]:
    """A context processor. Lazy: most responses to htmx contain no banner."""
    return {"pauses": SimpleLazyObject(watch())}
