"""Release notes come from the changelog."""

from __future__ import annotations

import importlib.util

import pytest

from tests.processes import ROOT

_spec = importlib.util.spec_from_file_location("release_notes", ROOT / ".ci/release_notes.py")
release_notes = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(release_notes)

CHANGES = """# Changelog

## [Unreleased]

- Not yet.

## [1.2.0] - 2026-02-01

### Added

- Two.

## [1.1.0] - 2026-01-01

## [1.0.0] - 2025-12-01

- One.

[1.2.0]: https://example.com/
"""


def _notes(folder, monkeypatch, tag: str, version: str) -> str:
    (folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
    (folder / "CHANGELOG.md").write_text(CHANGES)
    monkeypatch.setattr(release_notes, "ROOT", folder)
    return release_notes.notes(tag)


@pytest.mark.parametrize(("version", "expected"), [("1.2.0", "### Added\n\n- Two."), ("1.0.0", "- One.")])
def test_notes_are_the_version_s_section(tmp_path, monkeypatch, version, expected):
    assert _notes(tmp_path, monkeypatch, f"v{version}", version) == expected


@pytest.mark.parametrize(
    ("tag", "version", "said"),
    [("v1.0.0", "1.2.0", "'v1.2.0'"), ("v3.0.0", "3.0.0", "no section"), ("v1.1.0", "1.1.0", "is empty")],
)
def test_unreleasable_versions_are_refused(tmp_path, monkeypatch, tag, version, said):
    with pytest.raises(ValueError, match=said):
        _notes(tmp_path, monkeypatch, tag, version)
