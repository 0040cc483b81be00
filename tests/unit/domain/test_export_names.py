"""Names of files in an export, and the division into parts."""

from __future__ import annotations

from datetime import date

import pytest

from jobs.domain.document import Document, DocumentError, DocumentStatus, Filing, attachment_number
from jobs.domain.export import Export, Scope, planned
from jobs.domain.export_manifest import as_csv, from_json, lines, to_json
from jobs.domain.export_names import Namer, safe
from tests.making import a_cin, a_file


def a_document(name: str = "AOC-4.pdf", **changes) -> Document:
    filing = {"number": 1, "document_type": "AOC-4", "file_name": name, "srn": "S1", "filed_on": date(2025, 10, 1)}
    own = {"id": "1", "job_id": "5" * 24, "cin": a_cin(1), "company_name": "Tea Ltd"}
    own |= {key: changes.pop(key) for key in list(changes) if key not in filing}
    own = {"file": a_file(), "status": DocumentStatus.STORED, **own}
    return Document(filing=Filing(**{**filing, **changes}), **own)


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("../../etc/passwd", ".. .. etc passwd"),
        ('a\\b:c*d?e"f<g>h|i', "a b c d e f g h i"),
        ("con", "con_"),
        ("AUX.txt", "AUX.txt_"),
        ("name. . ", "name"),
        ("\u202egpj.exe\x00\n", "gpj.exe"),
        ("  ", "unnamed"),
        ("...", "unnamed"),
        ("टाटा", "टाटा"),
        ("x" * 300, "x" * 60),
        ("PAN ABCPE1234F", "PAN XXXXXX234F"),
    ],
)
def test_name_is_safe_on_every_system(given, made):
    found = safe(given, 60, "unnamed")
    assert found.lstrip(". ") == made.lstrip(". ")
    assert "/" not in found
    assert found not in (".", "..")


def test_paths_are_by_company_year_form_and_date():
    namer = Namer()
    assert namer.path_of(a_document()) == "Tea Ltd/2025/AOC-4 2025-10-01 S1.pdf"
    assert namer.path_of(a_document(srn=None, filed_on=None)) == "Tea Ltd/undated/AOC-4 AOC-4.pdf"
    assert namer.path_of(a_document("list.XLSX", parent=1)) == "Tea Ltd/2025/AOC-4 2025-10-01 S1 list.xlsx"
    assert namer.path_of(a_document("x.tar.gz/../evil")).endswith(".bin")


def test_attachment_is_named_after_its_filing():
    filing = a_document(number=7)
    of_seven = {"number": attachment_number(7, 1), "parent": 7, "document_type": "ATTACHMENT", "srn": None}
    inside = a_document("Auditors Report.pdf", filed_on=None, **of_seven)
    entries = planned([filing, inside], 10**9)
    assert entries[1].path == "Tea Ltd/2025/AOC-4 2025-10-01 S1 Auditors Report.pdf"
    assert [(each.srn, each.filed_on) for each in entries] == [("S1", date(2025, 10, 1))] * 2
    (alone,) = planned([inside], 10**9)
    assert alone.path == "Tea Ltd/undated/ATTACHMENT Auditors Report.pdf"


def test_no_two_documents_have_the_same_path():
    namer = Namer()
    paths = [namer.path_of(a_document(srn=srn)) for srn in ("S1", "s1", "S1")]
    assert len({path.casefold() for path in paths}) == 3
    assert paths[2] == "Tea Ltd/2025/AOC-4 2025-10-01 S1 (3).pdf"


def test_companies_of_the_same_name_have_folders_of_their_own():
    namer = Namer()
    paths = [namer.path_of(a_document(cin=a_cin(number), company_name="TEA LTD")) for number in (1, 2)]
    assert paths[0].startswith("TEA LTD/")
    assert paths[1].startswith(f"TEA LTD {a_cin(2)}/")


def test_parts_stay_below_the_limit():
    documents = [a_document(srn=f"S{number}", file=a_file(size=4_000)) for number in range(10)]
    entries = planned(documents, 20_000)
    assert [entry.part for entry in entries] == sorted(entry.part for entry in entries)
    assert max(entry.part for entry in entries) > 2
    large = planned([a_document(file=a_file(size=size)) for size in (1, 10**12, 1)], 20_000)
    assert [entry.part for entry in large] == [1, 2, 3]


def test_what_is_not_stored_is_missing_with_the_reason():
    error = DocumentError(kind="k", message="The source has no such file.")
    failed = a_document(file=None, status=DocumentStatus.FAILED, error=error)
    listed = a_document(file=None, status=DocumentStatus.LISTED)
    entries = planned([failed, listed, a_document(name="=SUM(1).pdf")], 10**9)
    assert [entry.part for entry in entries] == [0, 0, 1]
    assert from_json(to_json(entries)) == entries
    found = list(lines(entries, export_of(entries)))
    assert [line["status"] for line in found] == ["missing", "missing", "waiting"]
    assert [line["reason"] for line in found] == [error.message, "Not downloaded yet.", None]
    assert ",'=SUM(1).pdf," in as_csv(found)


def export_of(entries):

    return Export(scope=Scope.ORDER, of="x", planned=1, size=sum(each.file.size for each in entries if each.file))
