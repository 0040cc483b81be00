"""Ends a connection when its time is up, however slowly its bytes arrive."""

from __future__ import annotations

import os
import socket
import threading


class TimeLimit:
    """Within the block, the connection can be used for so long; then it is shut down.

    Keeps a descriptor of its own, so that it also ends a connection that TLS has taken over.
    """

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection = socket.socket(fileno=os.dup(connection.fileno()))
        self._timer = threading.Timer(max(0.0, seconds), self._end)
        self._timer.daemon = True
        self.is_over = False

    def _end(self) -> None:
        self.is_over = True
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:  # the connection has ended already
            return

    def __enter__(self) -> TimeLimit:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()  # before its descriptor is reused
        self._connection.close()
