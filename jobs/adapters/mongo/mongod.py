"""A ``mongod`` of this machine that ``make run`` starts: its folder, its command line, and why it ended.

Its data is in ``DATA_DIR/mongod/db``, and its output in ``DATA_DIR/mongod/mongod.log``. The process inherits the lock
of the folder, so the folder is locked as long as it runs, even if the process that has started it was killed.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from jobs.adapters.mongo import local_address
from jobs.adapters.mongo.connection import connect, server_version
from jobs.adapters.mongo.local_address import HOST, MONGOD
from jobs.domain.errors import DatabaseUnavailable

PROGRAM, LOG = "mongod", "mongod.log"
#: An acknowledged write is in the journal, so that it survives kill -9 of the server.
URI_OPTIONS = "?directConnection=true&journal=true"
#: The oldest version that Filesure is tested with.
OLDEST = (7, 0)
#: https://www.mongodb.com/docs/manual/reference/exit-codes/
PORT_IN_USE = 48
_EXITS = {
    2: "it does not know an option that Filesure uses",
    PORT_IN_USE: "it could not listen on its port",
    62: "its data files are from another version of MongoDB",
    100: "it could not use its data files",
    -4: "this processor lacks instructions that it needs; MongoDB needs AVX",
    -9: "it was killed; perhaps the memory is exhausted",
}
_VERSION_SECONDS = 20.0
_FATAL, _TAIL = ("F", "E"), 65_536


def program() -> str | None:
    """The path of ``mongod`` on the PATH."""
    return shutil.which(PROGRAM)


def has_data(data_dir: Path) -> bool:
    """Whether a mongod has run on this folder. One that never finished its start has stored nothing."""
    return local_address.last_port(data_dir / MONGOD) > 0


def command(path: str, data_dir: Path, port: int) -> list[str]:
    """The command line: loopback only, no socket in /tmp, no line per connection."""
    storage = str(data_dir / MONGOD / "db")
    return [path, "--dbpath", storage, "--port", str(port), "--bind_ip", HOST, "--nounixsocket", "--quiet"]


def answers(port: int) -> bool:
    """Ping the server."""
    database = connect(f"mongodb://{HOST}:{port}/?directConnection=true", "admin", 1.0)
    try:
        server_version(database)
    except DatabaseUnavailable:
        return False
    finally:
        database.client.close()
    return True


def version(path: str) -> tuple[int, str]:
    """The exit code of ``mongod --version``, and the version. Raises OSError, subprocess.TimeoutExpired."""
    command = [path, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_VERSION_SECONDS, check=False)
    found = re.search(r"db version v?(\d+\.\d+\S*)", done.stdout)
    return done.returncode, found[1] if found else ""


def is_too_old(version: str) -> bool:
    """False if the version is unknown."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) < OLDEST


def meaning(code: int) -> str:
    """The meaning of an exit code; negative: a signal."""
    return f"{_EXITS.get(code, 'it ended by itself')} (exit code {code})"


def reason(code: int, data_dir: Path) -> str:
    """Why the process ended: the meaning of its exit code, and the last error that it wrote."""
    errors = list(_errors(data_dir / MONGOD / LOG))
    return meaning(code) + (f': "{errors[-1]}"' if errors else "")


def _errors(log: Path) -> Iterator[str]:
    """Error messages from the log, which is one JSON object per line, and of wrong options plain text."""
    text = b""
    with suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL))
        text = file.read()
    for line in text.decode(errors="replace").splitlines():
        if not line.startswith("{"):
            if line.startswith("Error"):
                yield line
            continue
        with suppress(ValueError, AttributeError):
            entry = json.loads(line)
            if entry.get("s") in _FATAL:
                error = entry.get("attr", {}).get("error")
                yield f"{entry.get('msg', '')}: {error}" if error else str(entry.get("msg", ""))
