"""Creates the overlay's random secrets once, in files next to this one, which git ignores."""

from __future__ import annotations

import base64
import fcntl
import os
import re
import secrets
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
# With the namespace, because KEDA resolves these names from its own namespace.
HOSTS = ",".join(f"mongodb-{number}.mongodb.filesure.svc:27017" for number in range(3))

#: k8s/base/mongodb/initiate.sh defines their permissions.
USERS = ("filesure", "prepare", "keda")


def uri(user: str, password: str) -> str:
    """A connection string."""
    return f"mongodb://{user}:{password}@{HOSTS}/?replicaSet=rs0&authSource=filesure"


def files() -> dict[str, dict[str, str]]:
    """File name → its variables."""
    # Only letters and digits, which need no quoting in a URI or a shell.
    passwords = {user: secrets.token_hex(24) for user in ("root", *USERS)}
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    place = "BlobEndpoint=http://azurite.filesure.svc:10000/filesure"
    account = f"DefaultEndpointsProtocol=http;AccountName=filesure;AccountKey={key};{place};"
    return {
        "secrets.env": {
            "MONGODB_URI": uri("filesure", passwords["filesure"]),
            "AZURE_STORAGE_CONNECTION_STRING": account,
        },
        "prepare.env": {"MONGODB_URI": uri("prepare", passwords["prepare"])},
        "keda.env": {"MONGODB_URI": uri("keda", passwords["keda"])},
        "web.env": {"SECRET_KEY": secrets.token_urlsafe(50)},
        "mongodb.env": {
            "MONGODB_ROOT_PASSWORD": passwords["root"],
            "MONGODB_PASSWORD": passwords["filesure"],
            "MONGODB_PREPARE_PASSWORD": passwords["prepare"],
            "MONGODB_KEDA_PASSWORD": passwords["keda"],
            "MONGODB_KEYFILE": base64.b64encode(secrets.token_bytes(96)).decode(),
        },
        "azurite.env": {"AZURITE_ACCOUNTS": f"filesure:{key}"},
        "grafana.env": {"password": secrets.token_urlsafe(16)},
    }


def main() -> None:
    """Create all files or none: they belong together and to a cluster's data, so a partial set is not replaced."""
    # Several test processes may run this at once.
    fcntl.flock(os.open(FOLDER, os.O_RDONLY), fcntl.LOCK_EX)
    made = files()
    _complete()
    missing = [name for name in made if not (FOLDER / name).exists()]
    if missing and len(missing) < len(made):
        sys.exit(
            f"{', '.join(missing)} is missing in {FOLDER}, and the other secrets are there. Restore it; or, if no "
            "cluster uses them any more, delete the others too, and all are created again."
        )
    if not missing:
        return
    with tempfile.TemporaryDirectory(dir=FOLDER) as new:
        for name, variables in made.items():
            path = Path(new, name)
            path.touch(mode=0o600)
            path.write_text("".join(f"{variable}={value}\n" for variable, value in variables.items()))
        for name in made:
            Path(new, name).rename(FOLDER / name)


def _complete() -> None:
    """Add what an earlier version's secrets lack: namespaces in host names, and two more MongoDB users.

    Passwords are kept. `mongodb-initiate` creates the users at the next apply.
    """
    shared, mongodb = FOLDER / "secrets.env", FOLDER / "mongodb.env"
    if not (shared.exists() and mongodb.exists()):
        return
    text = shared.read_text()
    _replace(shared, re.sub(r"(mongodb-\d\.mongodb|//azurite)(?=:)", r"\1.filesure.svc", text))
    for user in ("prepare", "keda"):
        variable = f"MONGODB_{user.upper()}_PASSWORD="
        if variable not in mongodb.read_text():
            password = secrets.token_hex(24)
            _replace(FOLDER / f"{user}.env", f"MONGODB_URI={uri(user, password)}\n")
            _replace(mongodb, f"{mongodb.read_text()}{variable}{password}\n")


def _replace(path: Path, text: str) -> None:
    if path.exists() and path.read_text() == text:
        return
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(path)


if __name__ == "__main__":
    main()
