"""The directory source reads one folder per company and nothing outside it."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from jobs.domain.errors import CompanyNotFound, DocumentUnavailable, DocumentUnreadable, SourceUnavailable
from tests.unit.worker.company_folder import CIN, download, names, put
from worker.sources import folders
from worker.sources.directory import CHUNK_BYTES, DirectorySource


def test_files_are_listed_in_natural_order(root: Path) -> None:
    put(root, "b10.pdf", "b9.pdf", "a2.PDF", "A1.pdf", "10.pdf", "2.pdf", "02.Pdf")
    assert names(root) == ["02.Pdf", "2.pdf", "10.pdf", "A1.pdf", "a2.PDF", "b9.pdf", "b10.pdf"]
    assert [filing.number for filing in DirectorySource(root).filings(CIN, "Any")] == [1, 2, 3, 4, 5, 6, 7]


def test_only_files_of_known_kinds_are_listed(root: Path) -> None:
    put(root, "a.pdf", "b.XML", "c.xlsx", "d.tif", "e.jpeg", "f.png", "a.txt", "pdf", "a.pdf.part", "._a.pdf")
    os.mkfifo(root / CIN / "pipe.pdf")
    (root / CIN / "nowhere.pdf").symlink_to(root / "missing")
    assert names(root) == ["a.pdf", "b.XML", "c.xlsx", "d.tif", "e.jpeg", "f.png"]


def test_subfolders_are_listed_with_their_paths(root: Path) -> None:
    folder = root / CIN / "Charge Documents" / "2021"
    folder.mkdir(parents=True)
    (folder / "CHG-1_AB1190384_03032025.pdf").write_bytes(b"%PDF-deep")
    (root / CIN / "MGT-7").mkdir()
    (root / CIN / "MGT-7" / "2020.pdf").write_bytes(b"%PDF-year")
    (root / CIN / ".trash").mkdir()
    (root / CIN / ".trash" / "x.pdf").write_bytes(b"%PDF-")
    deep, year = DirectorySource(root).filings(CIN, "Any")
    assert (deep.key, deep.document_type, deep.filed_on) == (
        "AB1190384/Charge Documents/2021/CHG-1_AB1190384_03032025.pdf",
        "CHG-1",
        date(2025, 3, 3),
    )
    assert (year.document_type, year.srn) == ("MGT-7", None)
    assert download(root, deep.file_name) == b"%PDF-deep"


def test_company_with_too_many_files_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_FILES", 2)
    put(root, "a.pdf", "b.pdf", "c.pdf")
    with pytest.raises(SourceUnavailable, match="holds more than"):
        names(root)


def test_linked_folders_are_not_entered(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.pdf").write_bytes(b"%PDF-secret")
    (root / CIN / "link").symlink_to(tmp_path / "elsewhere")
    (root / CIN / "circle").symlink_to(root / CIN)
    assert names(root) == []
    with pytest.raises(DocumentUnreadable, match="is a link out of"):
        download(root, "link/secret.pdf")


def test_company_may_have_no_filings(root: Path) -> None:
    assert names(root) == []


@pytest.mark.parametrize(
    ("name", "form", "filed_on", "srn"),
    [
        ("AOC-4_2020.pdf", "AOC-4", None, None),
        ("mgt7a-2019.pdf", "MGT-7A", None, None),
        ("MGT-7_2019-11-28.pdf", "MGT-7", date(2019, 11, 28), None),
        ("Form MGT 14 of 2021-02-30.pdf", "MGT-14", None, None),
        ("2021-02-30 2021-03-01 dir_12.pdf", "DIR-12", date(2021, 3, 1), None),
        ("SH7.pdf", "SH-7", None, None),
        ("DPT-3_H12345678.pdf", "DPT-3", None, "H12345678"),
        ("XX-1 CHG-1.pdf", "CHG-1", None, None),
        ("AOC-41.pdf", "OTHER", None, None),
        ("MGT-77.pdf", "OTHER", None, None),
        ("XAOC-4.pdf", "OTHER", None, None),
        ("01-minimal-text.pdf", "OTHER", None, None),
        ("12021-03-01.pdf", "OTHER", None, None),
    ],
)
def test_file_name_gives_form_and_date(
    root: Path, name: str, form: str, filed_on: date | None, srn: str | None
) -> None:
    put(root, name)
    (filing,) = DirectorySource(root).filings(CIN, "Any")
    assert (filing.document_type, filing.filed_on, filing.srn) == (form, filed_on, srn)


def test_file_is_streamed_in_chunks(root: Path) -> None:
    data = os.urandom(2 * CHUNK_BYTES + 5)
    put(root, "a.pdf", data=data)
    (filing,) = DirectorySource(root).filings(CIN, "Any")
    chunks = list(DirectorySource(root).download(CIN, "Any", filing, 1))
    assert [len(chunk) for chunk in chunks] == [CHUNK_BYTES, CHUNK_BYTES, 5]
    assert b"".join(chunks) == data


def test_added_files_do_not_change_lookup(root: Path) -> None:
    put(root, "b.pdf", data=b"%PDF-b")
    (filing,) = DirectorySource(root).filings(CIN, "Any")
    put(root, "a.pdf", data=b"%PDF-a")
    assert b"".join(DirectorySource(root).download(CIN, "Any", filing, 1)) == b"%PDF-b"


def test_non_unicode_name_is_escaped_and_found(root: Path) -> None:
    put(root, os.fsdecode(b"caf\xe9.pdf"), data=b"%PDF-e")
    assert names(root) == ["caf\\udce9.pdf"]
    assert download(root, "caf\\udce9.pdf") == b"%PDF-e"


@pytest.mark.parametrize("kind", ["missing", "file", "circle"])
def test_unreadable_root_names_its_setting(tmp_path: Path, kind: str) -> None:
    root = tmp_path / kind
    if kind == "file":
        root.write_bytes(b"")
    if kind == "circle":
        root.symlink_to(root)
    with pytest.raises(SourceUnavailable, match="FILINGS_DIR") as raised:
        DirectorySource(root).filings(CIN, "Any")
    assert str(root) in str(raised.value)
    with pytest.raises(SourceUnavailable):
        download(root, "a.pdf")


@pytest.mark.parametrize("cin", ["U72900KA2008PTC046374", "", ".", "..", f"{CIN}/..", f"../filings/{CIN}"])
def test_company_without_a_folder_is_unknown(root: Path, cin: str) -> None:
    with pytest.raises(CompanyNotFound, match="no folder"):
        DirectorySource(root).filings(cin, "Any")


@pytest.mark.parametrize("name", ["AAB-1234", "F01234"])
def test_llp_and_foreign_company_have_folders(root: Path, name: str) -> None:
    (root / name).mkdir()
    (root / name / "LLP-8.pdf").write_bytes(b"%PDF-x")
    assert [each.file_name for each in DirectorySource(root).filings(name, "Any")] == ["LLP-8.pdf"]
    (root / CIN / "a.pdf").symlink_to(f"../{name}/LLP-8.pdf")
    with pytest.raises(DocumentUnreadable, match="is a link to another company's folder"):
        download(root, "a.pdf")


@pytest.mark.parametrize("name", ["AGM2022", "AGM-2022", "F12345"])
def test_subfolders_that_look_like_identifiers_are_read(root: Path, name: str) -> None:
    (root / CIN / name).mkdir()
    (root / CIN / name / "a.pdf").write_bytes(b"%PDF-x")
    assert download(root, f"{name}/a.pdf") == b"%PDF-x"


def test_file_instead_of_folder_is_unknown(root: Path) -> None:
    (root / "U72900KA2008PTC046374").write_bytes(b"")
    with pytest.raises(CompanyNotFound):
        DirectorySource(root).filings("U72900KA2008PTC046374", "Any")


def test_vanished_file_is_unavailable(root: Path) -> None:
    with pytest.raises(DocumentUnavailable, match=r"a\.pdf was listed"):
        download(root, "a.pdf")


def test_unreadable_file_is_unavailable(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "a.pdf")

    def refuse(*args: object) -> None:
        raise PermissionError(13, "Permission denied")  # raised by hand, because root can read everything

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DocumentUnavailable, match=r"a\.pdf cannot be read: Permission denied\."):
        download(root, "a.pdf")


def test_links_inside_the_root_are_followed(root: Path) -> None:
    (root / "shared").mkdir()
    (root / "shared" / "x").write_bytes(b"%PDF-x")
    (root / CIN / "a.pdf").symlink_to("../shared/x")
    assert names(root) == ["a.pdf"]
    assert download(root, "a.pdf") == b"%PDF-x"


def test_links_to_another_company_are_refused(root: Path) -> None:
    other = root / "U72900KA2008PTC046374"
    (other / "old").mkdir(parents=True)
    (other / "old" / "x.pdf").write_bytes(b"%PDF-of another")
    (root / CIN / "a.pdf").symlink_to(f"../{other.name}/old/x.pdf")
    with pytest.raises(DocumentUnreadable, match="is a link to another company's folder"):
        download(root, "a.pdf")
    (root / "U51909PB2011PTC035491").symlink_to(other.name)
    with pytest.raises(CompanyNotFound, match="is a link to another company's folder"):
        DirectorySource(root).filings("U51909PB2011PTC035491", "Any")


def test_root_may_be_a_link(root: Path, tmp_path: Path) -> None:
    put(root, "a.pdf")
    (tmp_path / "link").symlink_to(root)
    assert names(tmp_path / "link") == ["a.pdf"]
    assert download(tmp_path / "link", "a.pdf") == b"%PDF-"


def test_outside_file_link_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (root / CIN / "a.pdf").symlink_to(tmp_path / "secret")
    assert names(root) == ["a.pdf"]
    with pytest.raises(DocumentUnreadable, match="is a link out of"):
        download(root, "a.pdf")


def test_outside_folder_link_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / "U72900KA2008PTC046374").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CompanyNotFound, match="is a link out of"):
        DirectorySource(root).filings("U72900KA2008PTC046374", "Any")


@pytest.mark.parametrize("name", ["../secret.pdf", "/etc/hostname", "..", ""])
def test_path_traversal_is_refused(root: Path, name: str) -> None:
    (root / "secret.pdf").write_bytes(b"secret")
    with pytest.raises((DocumentUnreadable, DocumentUnavailable)):
        download(root, name)
