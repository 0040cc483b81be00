"""Fixtures for the images built by ``make images``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images.container import Image, an_image
from tests.servers import Unavailable


def tagged(part: str) -> Iterator[Image]:
    tag = os.environ.get("FILESURE_IMAGES")
    if not tag:
        raise Unavailable(
            "no image was built: `make images` builds and tests them (needs root, buildah; see README.md)"
        )
    with an_image(f"localhost/filesure-{part}:{tag}") as image:
        yield image


@pytest.fixture(scope="session")
def web() -> Iterator[Image]:
    yield from tagged("web")


@pytest.fixture(scope="session")
def worker() -> Iterator[Image]:
    yield from tagged("worker")


@pytest.fixture(scope="session", params=["web", "worker"])
def image(request: pytest.FixtureRequest) -> Image:
    """Each of the two images."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A folder that the images' user can write to, as with Kubernetes' fsGroup."""
    folder = tmp_path / "volume"
    folder.mkdir()
    os.chown(folder, 10001, 10001)
    return folder
