#!/usr/bin/env python3
"""Finds the digests of a version's images and checks their signatures.

    python3 k8s/images.py --registry ghcr.io/OWNER --tag 0.1.0 --signed-by OWNER/REPOSITORY > images.json

A release has this file; k8s/deploy.py --digests deploys exactly these images. It needs docker and cosign.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

from kubectl import Failed, last_line

PARTS = ("web", "worker")
_ISSUER = "https://token.actions.githubusercontent.com"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_VERSION = re.compile(r"\d+\.\d+\.\d+")

#: web or worker → sha256:…
Digests = dict[str, str]


def read(path: Path, tag: str) -> Digests:
    """The digests in a release's file. Raises Failed if it is invalid or belongs to another tag."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        digests = {part: given[part] for part in PARTS}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Failed(f"{path} is not a release's images.json: {error}") from error
    if given.get("tag") != tag:
        raise Failed(f"{path} has the images of {given.get('tag')}, not of {tag}.")
    if not all(isinstance(each, str) and _DIGEST.fullmatch(each) for each in digests.values()):
        raise Failed(f"{path} has an invalid digest.")
    return digests


def resolve(registry: str, tag: str) -> Digests:
    """The digests that the tag has now. Raises Failed."""
    found = {}
    for part in PARTS:
        inspect = ("docker", "buildx", "imagetools", "inspect", f"{registry}/{part}:{tag}")
        found[part] = _output(*inspect, "--format", "{{.Manifest.Digest}}")
        if not _DIGEST.fullmatch(found[part]):
            raise Failed(f"{registry}/{part}:{tag} has no digest: {found[part]!r}")
    return found


def verify(registry: str, tag: str, digests: Digests, repository: str) -> None:
    """Check that the repository's workflow signed the images, for this version or on main. Raises Failed."""
    ref = f"refs/tags/v{tag}" if _VERSION.fullmatch(tag) else "refs/heads/main"
    identity = f"https://github.com/{repository}/.github/workflows/images.yml@{ref}"
    for part, digest in digests.items():
        signed = ("--certificate-identity", identity, "--certificate-oidc-issuer", _ISSUER)
        _output("cosign", "verify", f"{registry}/{part}@{digest}", *signed)


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, check=False, text=True, capture_output=True, timeout=120)
    except FileNotFoundError as error:
        raise Failed(f"{command[0]} is missing.") from error
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{' '.join(command[:2])}: no answer after 120 seconds") from error
    if done.returncode:
        raise Failed(f"{' '.join(command[:2])}: {last_line(done.stderr)}")
    return done.stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="images.py", description=(__doc__ or "").split("\n", 1)[0])
    for name in ("--registry", "--tag", "--signed-by"):
        parser.add_argument(name, required=True)
    arguments = parser.parse_args()
    try:
        digests = resolve(arguments.registry, arguments.tag)
        verify(arguments.registry, arguments.tag, digests, arguments.signed_by)
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({"tag": arguments.tag, **digests}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
