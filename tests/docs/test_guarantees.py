"""Each promise in docs/guarantees.md names an existing test."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.docs.pages import Page
from tests.processes import ROOT

PAGE = Page(ROOT / "docs/guarantees.md")
PROOF = re.compile(r"(tests/[\w./]+\.py)::(test_\w+)")
ROWS = [row for row in re.findall(r"^\| (.+) \|$", PAGE.text, re.MULTILINE) if not row.endswith("| Proof")]


@cache
def names_of_tests(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("path", "name"), sorted(set(PROOF.findall(PAGE.text))))
def test_named_proof_exists(path: str, name: str):
    assert name in names_of_tests(path)


def test_every_row_names_its_proof():
    assert len(ROWS) > 15
    assert [row for row in ROWS if not PROOF.search(row.rpartition(" | ")[2])] == []
