"""Accessibility of a page at several widths, in light and dark."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = (360, 768, 1280, 1920)
# Without a report on everything that passes, which takes most of the time.
_RUN = "options => axe.run({ ...options, resultTypes: ['violations'] }).then(found => found.violations)"
_COLOURS_ONLY = {"runOnly": ["color-contrast", "link-in-text-block"]}


def violations(page: Page) -> list[tuple[int, str, str, list[Any]]]:
    """Width, colour scheme, rule and elements. In dark mode only the colours differ, so only their rules run again."""
    page.evaluate(Axe().axe_script)
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for scheme, options in (("light", {}), ("dark", _COLOURS_ONLY)):
            page.emulate_media(color_scheme=scheme)
            broken = page.evaluate(_RUN, options)
            found += [(width, scheme, each["id"], [node["html"] for node in each["nodes"]]) for each in broken]
    return found
