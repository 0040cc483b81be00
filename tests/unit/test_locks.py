"""The locks are complete for pip, too, whose resolver wants more than uv's."""

from __future__ import annotations

import re
from importlib.metadata import distributions

import pytest
from packaging.requirements import Requirement

from tests.processes import ROOT

LOCKS = sorted(ROOT.glob("requirements*.lock"))


def _locked(text: str) -> dict[str, set[str]]:
    """Names with the extras by which they are pinned."""
    found = re.findall(r"^([\w.-]+)(?:\[([\w,-]+)\])?==", text, re.MULTILINE)
    return {_plain(name): set(extras.split(",")) - {""} for name, extras in found}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _lacking(text: str) -> list[str]:
    """What packages of a lock ask for by an extra that it does not pin.

    Pip looks for such a package's newest version first, which no hash allows: installs fail once there is a newer one.
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
def test_what_is_asked_for_with_extras_is_pinned_with_them(lock):
    assert _lacking(lock.read_text()) == []


def test_a_lock_without_extras_is_noticed():
    text = next(lock for lock in LOCKS if lock.name == "requirements-dev.lock").read_text()
    assert _lacking(re.sub(r"\[[\w,-]+\]==", "==", text))
