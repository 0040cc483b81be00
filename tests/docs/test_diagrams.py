"""Mermaid, which GitHub uses, can draw every diagram."""

from __future__ import annotations

import pytest

from tests.docs.pages import PAGES
from tests.servers import from_npm
from tests.servers.chromium import chromium

pytestmark = pytest.mark.browser
DIAGRAMS = [(page.name, text) for page in PAGES for text in page.blocks("mermaid")]
BROKEN = "flowchart LR\n  a --> (b"
_DRAW = """async text => {
    mermaid.initialize({startOnLoad: false});
    try { return (await mermaid.render("drawn", text)).svg } catch (error) { return String(error) }
}"""


def test_every_diagram_can_be_drawn():
    mermaid = from_npm("Mermaid", "mermaid/dist/mermaid.min.js")
    with chromium() as browser:
        page = browser.new_page()
        page.add_script_tag(path=mermaid)
        drawn = [page.evaluate(_DRAW, text) for _, text in DIAGRAMS]
        broken = page.evaluate(_DRAW, BROKEN)
    assert len(DIAGRAMS) >= 4
    assert [name for (name, _), svg in zip(DIAGRAMS, drawn, strict=True) if not svg.startswith("<svg")] == []
    assert not broken.startswith("<svg")
