"""A headless web browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

from tests.servers import Unavailable

# The headless shell is the same engine without the rest of the browser, and takes a third of the CPU.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# How long to wait for an expected state; long, because the machine may be busy.
expect.set_options(timeout=20_000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start CHROMIUM, or the first one that is installed. Raises Unavailable."""
    path = _path()
    with sync_playwright() as playwright:
        # No sandbox: it fails for root and in most containers, and only our own pages are visited.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def _path() -> str:
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else _NAMES
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise Unavailable(f"{names[0]} is missing: `apt-get install {_NAMES[0]}`, or set CHROMIUM=/path/to/chrome")
    return path
