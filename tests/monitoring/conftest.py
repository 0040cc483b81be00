"""promtool, and the rules as they are committed."""

from __future__ import annotations

import os

import pytest

from tests.servers import Unavailable
from tests.servers.promtool import Promtool


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    try:
        return Promtool()
    except Unavailable as error:
        if os.environ.get("REQUIRE_ALL"):
            pytest.fail(f"REQUIRE_ALL is set: {error}")
        pytest.skip(str(error))
