"""Makes the overlay's secrets, once: random ones, in files beside this one that git ignores."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
HOSTS = ",".join(f"mongodb-{number}.mongodb:27017" for number in range(3))


def files() -> dict[str, dict[str, str]]:
    """Each file with its variables."""
    root, password = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    # Letters and digits only: neither a URI nor a shell has to quote it.
    root, password = (each.replace("-", "x").replace("_", "y") for each in (root, password))
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    place = "BlobEndpoint=http://azurite:10000/filesure"
    account = f"DefaultEndpointsProtocol=http;AccountName=filesure;AccountKey={key};{place};"
    return {
        "secrets.env": {
            "MONGODB_URI": f"mongodb://filesure:{password}@{HOSTS}/?replicaSet=rs0&authSource=filesure",
            "AZURE_STORAGE_CONNECTION_STRING": account,
        },
        "web.env": {"SECRET_KEY": secrets.token_urlsafe(50)},
        "mongodb.env": {
            "MONGODB_ROOT_PASSWORD": root, "MONGODB_PASSWORD": password,
            "MONGODB_KEYFILE": base64.b64encode(secrets.token_bytes(96)).decode(),
        },
        "azurite.env": {"AZURITE_ACCOUNTS": f"filesure:{key}"},
        "grafana.env": {"password": secrets.token_urlsafe(16)},
    }  # fmt: skip


def main() -> None:
    """They belong together, and to what a cluster already keeps: some without the others are not replaced."""
    # Tests in several processes may come at once.
    fcntl.flock(os.open(FOLDER, os.O_RDONLY), fcntl.LOCK_EX)
    made = files()
    missing = [name for name in made if not (FOLDER / name).exists()]
    if missing and len(missing) < len(made):
        sys.exit(f"{', '.join(missing)} is missing in {FOLDER}, and the other secrets are there. Restore it; or, if no "
                 "cluster uses them any more, delete the others too, and all are made anew.")  # fmt: skip
    if not missing:
        return
    with tempfile.TemporaryDirectory(dir=FOLDER) as new:
        for name, variables in made.items():
            path = Path(new, name)
            path.touch(mode=0o600)
            path.write_text("".join(f"{variable}={value}\n" for variable, value in variables.items()))
        for name in made:
            Path(new, name).rename(FOLDER / name)


if __name__ == "__main__":
    main()
