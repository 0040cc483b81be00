"""Checks of the reader for ``check_services``: is it kept from files and the network, and can it read scans?"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

from jobs.domain.errors import FilesureError
from worker.extractors.confinement import FILES, NETWORK

if TYPE_CHECKING:
    from worker.extractors.reader import Reader

_NEEDED = {
    FILES: "files (needs Linux 5.13 or newer with Landlock)",
    NETWORK: "the network (needs Linux with seccomp)",
}


class Limited(FilesureError):
    """It works, but not in full; the message says what to do."""


def check_reader(reader: Reader) -> str:
    """Raises Limited, UnexpectedError."""
    with closing(reader):
        confined = reader.confined()
    missing = [about for what, about in _NEEDED.items() if what not in confined]
    if missing:
        raise Limited(f"A hostile file could reach {' and '.join(missing)}.")
    return "kept from files, the network and other processes"


def check_tesseract(languages: str) -> str:
    """Raises Limited."""
    command = shutil.which("tesseract")
    wanted = languages.split("+")
    if command is None:
        raise Limited(f"Tesseract is not installed, so scans are not read. {_how_to_install(wanted)}")
    listed = subprocess.run([command, "--list-langs"], capture_output=True, text=True, check=False, timeout=60)
    known = set(listed.stdout.split())
    missing = [language for language in [*wanted, "osd"] if language not in known]
    if missing:
        raise Limited(f"Tesseract lacks {', '.join(missing)} (OCR_LANGUAGES). {_how_to_install(missing)}")
    return f"Tesseract with {', '.join(wanted)} at {command}"


def _how_to_install(languages: list[str]) -> str:
    packages = " ".join(f"tesseract-ocr-{language.replace('_', '-').lower()}" for language in languages)
    return f"Install it: apt-get install tesseract-ocr {packages} (Debian), or brew install tesseract-lang (macOS)."
