"""ZIPs as streams."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile

import pytest

from worker.zipping import Member, zipped

MADE = (2026, 1, 5, 12, 0, 0)


def member(path: str, data: bytes, size: int | None = None) -> Member:
    return Member(path=path, size=len(data) if size is None else size, chunks=[data[:5], data[5:]], made=MADE)


def test_archive_is_readable_and_copies_pdfs():
    members = [member("Ä/a.pdf", b"%PDF" * 100), member("b.xml", b"<a/>" * 100), member("c.pdf", b"")]
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped(members)))) as archive:
        assert archive.testzip() is None
        assert [info.compress_type for info in archive.infolist()] == [0, zipfile.ZIP_DEFLATED, 0]
        assert archive.read("Ä/a.pdf") == b"%PDF" * 100


def test_bytes_leave_as_they_come():
    """Neither a member nor the archive is collected in memory."""
    seen = []

    def chunks():
        for number in range(3):
            seen.append(number)
            yield bytes(1000)

    stream = zipped([Member(path="a.pdf", size=3000, chunks=chunks(), made=MADE)])
    read = 0
    while read < 1000:
        read += len(next(stream))
    assert seen == [0]


def test_large_members_are_zip64():
    data = b"".join(zipped([member("large.pdf", b"x", size=5 * 1024**3)]))
    assert data[4:6] == (45).to_bytes(2, "little")  # the version needed to extract ZIP64
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("large.pdf") == b"x"


@pytest.mark.skipif(not shutil.which("unzip"), reason="needs unzip")
def test_unzip_accepts_it(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(b"".join(zipped([member("Tea Ltd/2025/a.pdf", b"%PDF" * 100), member("m.csv", b"a,b\n" * 50)])))
    assert subprocess.run(["unzip", "-tq", path], check=False, capture_output=True).returncode == 0


def test_error_of_a_member_is_raised():
    def broken():
        yield b"x"
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(zipped([Member(path="a.pdf", size=2, chunks=broken(), made=MADE)]))
