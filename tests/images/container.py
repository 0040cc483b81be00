"""Runs an image like a container engine: with its user, environment and command, a read-only root and a tmpfs at /tmp.
It needs only buildah, unshare and chroot, but neither Docker nor a registry.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Private mounts that end with the process.
_MOUNTS = """
set -eu
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
for each in $VOLUMES; do mount --bind "${each%:*}" "$ROOT${each#*:}"; done
"""


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image unpacked at ``root``; ``config`` holds its user, environment and command."""

    name: str
    root: Path
    config: dict[str, Any]
    layers: frozenset[str]
    settings: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str, volumes: Sequence[str] = (), **settings: str) -> list[str]:
        """The command that runs these arguments in a container. Volumes are ``HOST_PATH:CONTAINER_PATH``."""
        environment = [*self.config["Env"], *(f"{name}={value}" for name, value in (self.settings | settings).items())]
        inside = ["env", "-i", "-C", self.config["WorkingDir"], *environment, *arguments]
        user, _, group = self.config["User"].partition(":")
        entered = ["chroot", f"--userspec={user}:{group}", f"--groups={group}", str(self.root), *inside]
        given = f"ROOT={shlex.quote(str(self.root))}\nVOLUMES={shlex.quote(' '.join(volumes))}"
        return ["unshare", "--mount", "sh", "-c", f"{given}{_MOUNTS}exec {shlex.join(entered)}"]

    def run(self, *arguments: str, volumes: Sequence[str] = (), **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a container until it exits, by default with the image's own command."""
        command = self.command(*(arguments or self.default), volumes=volumes, **settings)
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=120, check=False
        )

    @property
    def default(self) -> list[str]:
        return [*(self.config["Entrypoint"] or []), *self.config["Cmd"]]

    @property
    def healthcheck(self) -> list[str]:
        """The health check's command, without Docker's leading CMD or CMD-SHELL."""
        how, *command = self.config["Healthcheck"]["Test"]
        assert how == "CMD", "a shell would run it"
        return command

    def files(self, *folders: str) -> Iterator[Path]:
        for folder in folders:
            yield from (self.root / folder).rglob("*")


def buildah(*arguments: str) -> str:
    return subprocess.run(["buildah", *arguments], check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def an_image(name: str) -> Iterator[Image]:
    """Mount the image during the block. Raises CalledProcessError if it was not built."""
    inspected = json.loads(buildah("inspect", "--type", "image", name))
    config, layers = inspected["Docker"]["config"], frozenset(inspected["OCIv1"]["rootfs"]["diff_ids"])
    container = buildah("from", "--pull-never", name)
    try:
        yield Image(name=name, root=Path(buildah("mount", container)), config=config, layers=layers)
    finally:
        buildah("rm", container)
