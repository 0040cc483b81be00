"""One Filesure for all crash tests of a pytest process, and the requests at which processes crash."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.integration.crashes.scene import Scene, a_scene

pytest.register_assert_rewrite("tests.integration.crashes.invariants")


@pytest.fixture
def scene(shared_scene: Scene) -> Scene:
    """The shared scene, emptied."""
    shared_scene.clear()
    return shared_scene


@pytest.fixture(scope="session")
def shared_scene(
    tmp_path_factory: pytest.TempPathFactory, mongodb_uri: str, azurite_connection_string: str
) -> Iterator[Scene]:
    with a_scene(tmp_path_factory.mktemp("crashes"), mongodb_uri, azurite_connection_string) as made:
        yield made


@pytest.fixture
def points(request: pytest.FixtureRequest):
    """The requests to crash at: a few that are always the same, or as many as CRASH_POINTS states, or ``all``."""
    chance = random.Random(os.environ.get("CRASH_SEED", "") + request.node.name)

    def chosen(count: int, dose: int) -> list[int]:
        wanted = os.environ.get("CRASH_POINTS", str(dose))
        numbers = range(1, count + 1)
        return list(numbers) if wanted == "all" else sorted(chance.sample(numbers, min(count, int(wanted))))

    return chosen
