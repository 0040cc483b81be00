"""Fixtures for promtool and the committed rules."""

from __future__ import annotations

import pytest

from tests.servers.promtool import Promtool


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    return Promtool()
