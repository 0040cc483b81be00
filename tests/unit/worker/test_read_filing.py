"""``manage.py read_filing``, which needs no server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from worker.sources.simulated_pdf import text_pdf


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = 0
    try:
        call_command("read_filing", *arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def test_text_goes_to_stdout(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(text_pdf([["Form ADT-1"]], title="A"))
    assert run(capsys, str(path)) == (0, "Form ADT-1\n", "")


def test_json_has_one_line_per_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good, empty = tmp_path / "a.pdf", tmp_path / "b.pdf"
    good.write_bytes(text_pdf([["Form ADT-1"]], title="A"))
    empty.write_bytes(b"")
    code, out, err = run(capsys, "--json", str(good), str(empty))
    first, second = (json.loads(line) for line in out.splitlines())
    assert (first["state"], first["pages"]) == ("read", [{"number": 1, "method": "text"}])
    assert (second["state"], second["reason"]) == ("unreadable", "The file is empty (0 bytes).")
    assert (code, err) == (1, f"{empty}: unreadable: The file is empty (0 bytes).\n")


def test_missing_file_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"missing\.pdf is not a file") as raised:
        call_command("read_filing", str(tmp_path / "missing.pdf"))
    assert raised.value.returncode == 2
