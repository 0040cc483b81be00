"""Runs an image's processes as a container engine would: its user, environment and command, a root that cannot be
written, a tmpfs at /tmp. With buildah, unshare and chroot alone, for neither Docker nor a registry may be there.
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

# Its own mounts, seen by nobody else and gone with it.
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
    """An image whose files lie at ``root``. ``config``: what its Dockerfile says of how to run it."""

    name: str
    root: Path
    config: dict[str, Any]
    layers: frozenset[str]
    settings: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str, volumes: Sequence[str] = (), **settings: str) -> list[str]:
        """What runs these arguments in a container. Volumes are ``PATH_HERE:PATH_THERE``."""
        environment = [*self.config["Env"], *(f"{name}={value}" for name, value in (self.settings | settings).items())]
        inside = ["env", "-i", "-C", self.config["WorkingDir"], *environment, *arguments]
        user, _, group = self.config["User"].partition(":")
        entered = ["chroot", f"--userspec={user}:{group}", f"--groups={group}", str(self.root), *inside]
        given = f"ROOT={shlex.quote(str(self.root))}\nVOLUMES={shlex.quote(' '.join(volumes))}"
        return ["unshare", "--mount", "sh", "-c", f"{given}{_MOUNTS}exec {shlex.join(entered)}"]

    def run(self, *arguments: str, volumes: Sequence[str] = (), **settings: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end; no arguments run what the image runs by default."""
        command = self.command(*(arguments or self.default), volumes=volumes, **settings)
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=120, check=False
        )  # fmt: skip

    @property
    def default(self) -> list[str]:
        return [*(self.config["Entrypoint"] or []), *self.config["Cmd"]]

    @property
    def healthcheck(self) -> list[str]:
        """Its command, without Docker's word for how it is run."""
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
    """The image's files, for as long as the block lasts. Raises CalledProcessError where it was not built."""
    inspected = json.loads(buildah("inspect", "--type", "image", name))
    config, layers = inspected["Docker"]["config"], frozenset(inspected["OCIv1"]["rootfs"]["diff_ids"])
    container = buildah("from", "--pull-never", name)
    try:
        yield Image(name=name, root=Path(buildah("mount", container)), config=config, layers=layers)
    finally:
        buildah("rm", container)
