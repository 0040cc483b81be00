"""The lock files are complete for pip too, whose resolver is stricter than uv's."""

from __future__ import annotations

import re
from importlib.metadata import distributions

import pytest
from packaging.requirements import Requirement

from tests.processes import ROOT

LOCKS = sorted(ROOT.glob("requirements*.lock"))


def _locked(text: str) -> dict[str, set[str]]:
    """Pinned names with their extras."""
    found = re.findall(r"^([\w.-]+)(?:\[([\w,-]+)\])?==", text, re.MULTILINE)
    return {_plain(name): set(extras.split(",")) - {""} for name, extras in found}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _lacking(text: str) -> list[str]:
    """Requirements with an extra that the lock does not pin.

    pip first tries such a package's newest version, which has no hash, so installs fail once there is a newer one.
    """
    locked, lacking = _locked(text), []
    for package in distributions():
        for line in package.requires or [] if _plain(package.name) in locked else ():
            wanted = Requirement(line)
            applies = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
            if applies and not wanted.extras <= locked.get(_plain(wanted.name), set()):
                lacking.append(f"{package.name} asks for {wanted}")
    return lacking


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_requested_extras_are_pinned(lock):
    assert _lacking(lock.read_text()) == []


def test_lock_without_extras_is_noticed():
    text = next(lock for lock in LOCKS if lock.name == "requirements-dev.lock").read_text()
    assert _lacking(re.sub(r"\[[\w,-]+\]==", "==", text))
