"""``make manifests``: renders each overlay."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.servers.kustomize import rendered

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Write to build/manifests; create the local secrets if they are missing."""
    subprocess.run([sys.executable, ROOT / "k8s/overlays/local/make_secrets.py"], check=True)
    folder = ROOT / "build" / "manifests"
    folder.mkdir(parents=True, exist_ok=True)
    for overlay in sorted((ROOT / "k8s/overlays").iterdir()):
        path = folder / f"{overlay.name}.yaml"
        path.touch(mode=0o600)  # it contains secrets
        path.write_text(rendered(overlay))
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
