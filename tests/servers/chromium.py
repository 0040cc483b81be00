"""A web browser without a window."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

from tests.servers import Unavailable

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# How long a page may take to become what is expected: much, for the machine may be busy.
expect.set_options(timeout=20_000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start CHROMIUM, else the first that is installed. Raises Unavailable."""
    path = _path()
    with sync_playwright() as playwright:
        # No sandbox: it does not work for root or in most containers, and we visit our own pages only.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def _path() -> str:
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else _NAMES
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise Unavailable(f"{names[0]} is missing: `apt-get install chromium`, or set CHROMIUM=/path/to/chrome")
    return path
