"""Prints how this machine's pip reaches its packages, as the pip.conf of an image's build.

The build gets it as a secret: no image holds it. Certificates come beside it, as another one.
"""

from __future__ import annotations

import ast
import subprocess
import sys

KEPT = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout", "cert")
CERTIFICATES = "/run/secrets/ca.crt"


def main() -> str:
    """What ``pip config list`` tells, without paths of this machine, which a build does not see."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip
    settings: dict[str, str] = {}
    for line in sorted(listed.splitlines(), reverse=True):  # the environment's (:env:) outweigh the files'
        name, _, value = line.partition("=")
        settings[name.rpartition(".")[2]] = " ".join(
            word for word in ast.literal_eval(value).split() if not word.startswith("file:")
        )
    if settings.get("cert"):
        settings["cert"] = CERTIFICATES
    return "\n".join(["[global]", *(f"{name} = {settings[name]}" for name in KEPT if settings.get(name)), ""])


if __name__ == "__main__":
    sys.stdout.write(main())
