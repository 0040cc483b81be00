"""Prints the section of CHANGELOG.md for a version's tag.

    python3 .ci/release_notes.py v0.1.0

Exits with 1 and a sentence if the tag is not pyproject.toml's version, or has no section or an empty one.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def notes(tag: str) -> str:
    """Markdown, without the section's heading. Raises ValueError."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    if tag != f"v{version}":
        raise ValueError(f"The tag is {tag!r}, but pyproject.toml has version {version}, whose tag is 'v{version}'.")
    sections = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    own = [section for section in sections if section.startswith(f"[{version}] - ")]
    if not own:
        raise ValueError(f"CHANGELOG.md has no section '## [{version}] - <date>'.")
    text = own[0].partition("\n")[2]
    text = re.sub(r"^\[[^\]]+\]: \S+$", "", text, flags=re.MULTILINE).strip()  # links at the end of the file
    if not text:
        raise ValueError(f"The section of {version} in CHANGELOG.md is empty.")
    return text


if __name__ == "__main__":
    try:
        print(notes(sys.argv[1] if len(sys.argv) == 2 else ""))
    except ValueError as error:
        sys.exit(str(error))
