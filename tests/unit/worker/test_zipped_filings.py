"""The directory source reads filings in zips."""

from __future__ import annotations

import os
import re
import warnings
import zipfile
from datetime import date
from pathlib import Path

import pytest

from jobs.domain.errors import DocumentUnavailable, DocumentUnreadable
from tests.unit.worker.company_folder import CIN, download, names, put
from worker.sources.directory import DirectorySource


def put_zip(path: Path, *members: tuple[str, bytes]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # for the same name twice
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members:
                archive.writestr(name, data)


def test_each_file_in_a_zip_is_a_filing(root: Path) -> None:
    put_zip(
        root / CIN / "pack.zip",
        ("Annual Returns/MGT-7_2020-11-02.pdf", b"%PDF-m"),
        ("../../AOC-4.xml", b"<a/>"),
        ("readme.txt", b""),
        ("__MACOSX/AOC-4.xml", b""),
        ("inner.zip", b"PK"),
    )
    filings = {filing.file_name: filing for filing in DirectorySource(root).filings(CIN, "Any")}
    assert list(filings) == ["pack.zip/Annual Returns/MGT-7_2020-11-02.pdf", "pack.zip/AOC-4.xml", "pack.zip/inner.zip"]
    filing = filings["pack.zip/Annual Returns/MGT-7_2020-11-02.pdf"]
    assert (filing.document_type, filing.filed_on) == ("MGT-7", date(2020, 11, 2))
    assert download(root, filing.file_name) == b"%PDF-m"
    assert download(root, "pack.zip/AOC-4.xml") == b"<a/>"
    with pytest.raises(DocumentUnavailable, match="no longer in its zip"):
        download(root, "pack.zip/missing.pdf")


def test_files_with_one_name_in_a_zip_differ_by_checksum(root: Path) -> None:
    put_zip(root / CIN / "pack.zip", ("a.pdf", b"%PDF-1"), ("a.pdf", b"%PDF-2"), ("b.pdf", b"%PDF-3"))
    listed = names(root)
    assert listed[-1] == "pack.zip/b.pdf"
    assert [re.sub("[0-9a-f]{8}", "#", name) for name in listed[:2]] == ["pack.zip/a [#].pdf"] * 2
    assert {download(root, name) for name in listed[:2]} == {b"%PDF-1", b"%PDF-2"}
    put_zip(root / CIN / "pack.zip", ("b.pdf", b"%PDF-3"), ("a.pdf", b"%PDF-2"), ("a.pdf", b"%PDF-1"))
    assert sorted(names(root)) == sorted(listed)


@pytest.mark.parametrize(
    "members",
    [
        [(f"{number}.pdf", b"%PDF-") for number in range(201)],
        [("a.pdf", bytes(4 * 1024**2))],
        [("readme.txt", b"")],
    ],
    ids=["many", "bomb", "nothing known"],
)
def test_zip_over_a_limit_is_one_filing(root: Path, members: list[tuple[str, bytes]]) -> None:
    put_zip(root / CIN / "pack.zip", *members)
    assert names(root) == ["pack.zip"]
    assert download(root, "pack.zip") == (root / CIN / "pack.zip").read_bytes()


def test_damaged_zips_are_kept_whole(root: Path) -> None:
    path = root / CIN / "pack.zip"
    put_zip(path, ("a.pdf", os.urandom(2000)))
    whole = path.read_bytes()
    put(root, "cut.zip", data=whole[:-30])
    put(root, "empty.zip", data=b"")
    put(root, "huge.zip", data=whole[:-10] + b"\xff\xff\xff\x7f" + whole[-6:])  # the size of its table of contents
    assert names(root) == ["cut.zip", "empty.zip", "huge.zip", "pack.zip/a.pdf"]


def test_wrong_checksum_in_a_zip_is_noticed(root: Path) -> None:
    path = root / CIN / "pack.zip"
    put_zip(path, ("a.pdf", b"%PDF-" + os.urandom(2000)))
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with pytest.raises(DocumentUnavailable, match="is damaged"):
        download(root, "pack.zip/a.pdf")


def test_zip_behind_a_link_out_is_not_opened(root: Path, tmp_path: Path) -> None:
    put_zip(tmp_path / "secret.zip", ("secret.pdf", b"%PDF-"))
    (root / CIN / "pack.zip").symlink_to(tmp_path / "secret.zip")
    assert names(root) == ["pack.zip"]
    for name in ("pack.zip", "pack.zip/secret.pdf"):
        with pytest.raises(DocumentUnreadable, match="is a link out of"):
            download(root, name)


# --- names and links ------------------------------------------------------------------------------
