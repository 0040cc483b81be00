"""The directory source: a folder a company, and nothing outside of it."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from jobs.domain.document import Filing
from jobs.domain.errors import CompanyNotFound, DocumentUnavailable, DocumentUnreadable, SourceUnavailable
from worker.sources.directory import CHUNK_BYTES, DirectorySource

CIN = "L24295GJ1987PLC143792"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "filings"
    (root / CIN).mkdir(parents=True)
    return root


def put(root: Path, *names: str, data: bytes = b"%PDF-") -> None:
    for name in names:
        (root / CIN / name).write_bytes(data)


def names(root: Path) -> list[str]:
    return [filing.file_name for filing in DirectorySource(root).filings(CIN, "Any")]


def download(root: Path, name: str) -> bytes:
    filing = Filing(number=1, document_type="OTHER", file_name=name)
    return b"".join(DirectorySource(root).download(CIN, "Any", filing, 1))


def test_files_are_listed_in_natural_order(root: Path) -> None:
    put(root, "b10.pdf", "b9.pdf", "a2.PDF", "A1.pdf", "10.pdf", "2.pdf", "02.Pdf")
    assert names(root) == ["02.Pdf", "2.pdf", "10.pdf", "A1.pdf", "a2.PDF", "b9.pdf", "b10.pdf"]
    assert [filing.number for filing in DirectorySource(root).filings(CIN, "Any")] == [1, 2, 3, 4, 5, 6, 7]


def test_only_pdf_files_directly_in_the_folder_are_filings(root: Path) -> None:
    put(root, "a.pdf", "a.txt", "pdf", "a.pdf.part")
    (root / CIN / "folder.pdf").mkdir()
    (root / CIN / "folder.pdf" / "b.pdf").write_bytes(b"%PDF-")
    os.mkfifo(root / CIN / "pipe.pdf")
    (root / CIN / "nowhere.pdf").symlink_to(root / "missing")
    assert names(root) == ["a.pdf"]


def test_a_company_may_have_no_filings(root: Path) -> None:
    assert names(root) == []


@pytest.mark.parametrize(
    ("name", "form", "filed_on"),
    [
        ("AOC-4_2020.pdf", "AOC-4", None),
        ("mgt7a-2019.pdf", "MGT-7A", None),
        ("MGT-7_2019-11-28.pdf", "MGT-7", date(2019, 11, 28)),
        ("Form MGT 14 of 2021-02-30.pdf", "MGT-14", None),
        ("2021-02-30 2021-03-01 dir_12.pdf", "DIR-12", date(2021, 3, 1)),
        ("SH7.pdf", "SH-7", None),
        ("DPT-3_H12345678.pdf", "DPT-3", None),
        ("XX-1 CHG-1.pdf", "CHG-1", None),
        ("AOC-41.pdf", "OTHER", None),
        ("MGT-77.pdf", "OTHER", None),
        ("XAOC-4.pdf", "OTHER", None),
        ("01-minimal-text.pdf", "OTHER", None),
        ("12021-03-01.pdf", "OTHER", None),
    ],
)
def test_form_and_date_are_read_from_the_name(root: Path, name: str, form: str, filed_on: date | None) -> None:
    put(root, name)
    (filing,) = DirectorySource(root).filings(CIN, "Any")
    assert (filing.document_type, filing.filed_on, filing.srn) == (form, filed_on, None)


def test_a_file_is_streamed_in_chunks(root: Path) -> None:
    data = os.urandom(2 * CHUNK_BYTES + 5)
    put(root, "a.pdf", data=data)
    (filing,) = DirectorySource(root).filings(CIN, "Any")
    chunks = list(DirectorySource(root).download(CIN, "Any", filing, 1))
    assert [len(chunk) for chunk in chunks] == [CHUNK_BYTES, CHUNK_BYTES, 5]
    assert b"".join(chunks) == data


def test_a_file_is_found_by_its_name_when_others_were_added(root: Path) -> None:
    put(root, "b.pdf", data=b"%PDF-b")
    (filing,) = DirectorySource(root).filings(CIN, "Any")
    put(root, "a.pdf", data=b"%PDF-a")
    assert b"".join(DirectorySource(root).download(CIN, "Any", filing, 1)) == b"%PDF-b"


def test_a_name_that_is_no_unicode_is_spelled_and_still_found(root: Path) -> None:
    put(root, os.fsdecode(b"caf\xe9.pdf"), data=b"%PDF-e")
    assert names(root) == ["caf\\udce9.pdf"]
    assert download(root, "caf\\udce9.pdf") == b"%PDF-e"


@pytest.mark.parametrize("kind", ["missing", "file", "circle"])
def test_a_root_that_cannot_be_read_is_named_with_its_setting(tmp_path: Path, kind: str) -> None:
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
def test_a_company_without_a_folder_is_unknown(root: Path, cin: str) -> None:
    with pytest.raises(CompanyNotFound, match="no folder"):
        DirectorySource(root).filings(cin, "Any")


def test_a_company_whose_folder_is_a_file_is_unknown(root: Path) -> None:
    (root / "U72900KA2008PTC046374").write_bytes(b"")
    with pytest.raises(CompanyNotFound):
        DirectorySource(root).filings("U72900KA2008PTC046374", "Any")


def test_a_vanished_file_is_unavailable(root: Path) -> None:
    with pytest.raises(DocumentUnavailable, match=r"a\.pdf was listed"):
        download(root, "a.pdf")


def test_an_unreadable_file_is_unavailable(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "a.pdf")

    def refuse(*args: object) -> None:
        raise PermissionError(13, "Permission denied")  # root, who runs some tests, may read everything

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DocumentUnavailable, match=r"a\.pdf cannot be read: Permission denied\."):
        download(root, "a.pdf")


def test_links_inside_the_root_are_followed(root: Path) -> None:
    (root / "shared").mkdir()
    (root / "shared" / "x").write_bytes(b"%PDF-x")
    (root / CIN / "a.pdf").symlink_to("../shared/x")
    (root / "U72900KA2008PTC046374").symlink_to(CIN)
    assert names(root) == ["a.pdf"]
    assert download(root, "a.pdf") == b"%PDF-x"
    assert len(DirectorySource(root).filings("U72900KA2008PTC046374", "Any")) == 1


def test_the_root_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    put(root, "a.pdf")
    (tmp_path / "link").symlink_to(root)
    assert names(tmp_path / "link") == ["a.pdf"]
    assert download(tmp_path / "link", "a.pdf") == b"%PDF-"


def test_a_file_linked_out_of_the_root_is_listed_but_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (root / CIN / "a.pdf").symlink_to(tmp_path / "secret")
    assert names(root) == ["a.pdf"]
    with pytest.raises(DocumentUnreadable, match="link that leads out of"):
        download(root, "a.pdf")


def test_a_folder_linked_out_of_the_root_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / "U72900KA2008PTC046374").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CompanyNotFound, match="link that leads out of"):
        DirectorySource(root).filings("U72900KA2008PTC046374", "Any")


@pytest.mark.parametrize("name", ["../secret.pdf", "/etc/hostname", "..", ""])
def test_a_name_that_leads_elsewhere_is_refused(root: Path, name: str) -> None:
    (root / "secret.pdf").write_bytes(b"secret")
    with pytest.raises((DocumentUnreadable, DocumentUnavailable)):
        download(root, name)
