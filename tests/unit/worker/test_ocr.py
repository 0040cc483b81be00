"""The Tesseract process: how its end, its silence and its output are understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.extractors import ocr
from worker.extractors.ocr import Ocr, OcrFailed

IMAGE = b"P5 2000 2000 255\n" + bytes(4_000_000)  # more than a pipe holds
WORD = "5\\t1\\t1\\t1\\t1\\t1\\t300\\t300\\t60\\t30\\t96\\tVindhya"


def recognised(folder: Path, script: str) -> ocr.Recognised:
    """What our code makes of a stand-in for Tesseract."""
    command = folder / "tesseract"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o700)
    reader = Ocr()
    reader.command = str(command)
    return reader.submit(IMAGE).result(10)


def test_words_are_read_after_the_whole_image(tmp_path: Path) -> None:
    counted = f"test $(wc -c) = {len(IMAGE)} || exit 1; printf 'head\\n{WORD}\\n'"
    assert recognised(tmp_path, counted).text == "Vindhya"


def test_tesseract_that_ends_early_fails_the_page(tmp_path: Path) -> None:
    with pytest.raises(OcrFailed, match=r"OCR of a page failed\."):
        recognised(tmp_path, "exit 1")


@pytest.mark.parametrize("script", ["exec sleep 60", "cat > /dev/null; exec sleep 60"])
def test_page_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(ocr, "_SECONDS", 0.2)
    with pytest.raises(OcrFailed, match=r"takes longer than 0\.2 seconds"):
        recognised(tmp_path, script)
