"""Fixtures for the worker's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.worker.company_folder import CIN
from tests.unit.worker.world import World


@pytest.fixture
def world(clock) -> World:
    return World(clock)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of filings with an empty folder for one company."""
    root = tmp_path / "filings"
    (root / CIN).mkdir(parents=True)
    return root
