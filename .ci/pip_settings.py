"""Writes this machine's pip settings into a folder as pip.conf and ca.crt, the secrets of an image's build.

The build mounts them while it installs; no image contains them. Without settings, both are empty.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

KEPT = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout", "cert")
CERTIFICATES = "/run/secrets/ca.crt"


def settings() -> dict[str, str]:
    """The output of ``pip config list``, without packages on this machine's disk, which builds cannot see."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {}
    for line in sorted(listed.splitlines(), reverse=True):  # the environment (:env:) overrides files
        name, _, value = line.partition("=")
        words = [word for word in ast.literal_eval(value).split() if not word.startswith("file:")]
        found[name.rpartition(".")[2]] = " ".join(words)
    return {name: found[name] for name in KEPT if found.get(name)}


def main(folder: Path) -> None:
    """Write both files."""
    found = settings()
    (folder / "ca.crt").touch()
    if "cert" in found:
        shutil.copyfile(found["cert"], folder / "ca.crt")
        found["cert"] = CERTIFICATES
    lines = ["[global]", *(f"{name} = {value}" for name, value in found.items()), ""]
    (folder / "pip.conf").write_text("\n".join(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
