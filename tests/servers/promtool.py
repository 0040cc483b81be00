"""Checks with promtool."""

from __future__ import annotations

import shutil
import subprocess

from tests.servers import Unavailable


class Promtool:
    """The promtool program. Raises Unavailable if it is missing."""

    def __init__(self) -> None:
        self._path = shutil.which("promtool")
        if self._path is None:
            raise Unavailable("promtool is missing: `apt-get install --no-install-recommends prometheus`")

    def complaint(self, *arguments: object) -> str:
        """Run promtool. Returns its error output; empty on success."""
        done = self._run(arguments)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def output(self, *arguments: object) -> str:
        """Run promtool, which must succeed. Returns its output."""
        done = self._run(arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, arguments: tuple[object, ...]) -> subprocess.CompletedProcess[str]:
        command = [str(self._path), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
