"""promtool, and the rules as they are committed."""

from __future__ import annotations

import pytest

from tests.servers.promtool import Promtool


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    return Promtool()
