"""ZIPs as streams."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import zipfile
import zlib

import pytest

from jobs.domain.export import planned
from tests.making import a_file
from tests.unit.domain.test_export_names import a_document
from worker.zipping import Member, zipped

MADE = (2026, 1, 5, 12, 0, 0)


def member(path: str, data: bytes, size: int | None = None) -> Member:
    return Member(path=path, size=len(data) if size is None else size, chunks=[data[:5], data[5:]], made=MADE)


def test_archive_is_readable_and_copies_pdfs():
    members = [member("Ä/a.pdf", b"%PDF" * 100), member("b.xml", b"<a/>" * 100), member("c.pdf", b"")]
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped(members)))) as archive:
        assert archive.testzip() is None
        sizes = [info.compress_size for info in archive.infolist()]
        assert archive.read("Ä/a.pdf") == b"%PDF" * 100
    assert 400 <= sizes[0] < 420
    assert sizes[1] < 20


def read_as_it_arrives(stream: io.BytesIO) -> dict[str, bytes]:
    """As Java's ``ZipInputStream``: without the directory at the end, so a member's end must be in its own data."""
    found = {}
    while (head := stream.read(30)).startswith(b"PK\x03\x04"):
        _, flags, method, _, _, _, _, _, name, extra = struct.unpack("<HHHHHLLLHH", head[4:])
        path = stream.read(name).decode()
        stream.read(extra)
        assert flags & 8, "the size follows the data"
        assert method == zipfile.ZIP_DEFLATED, "only deflated members can have their size after the data"
        inflating = zlib.decompressobj(-15)
        data = inflating.decompress(stream.read())
        stream.seek(-len(inflating.unused_data), io.SEEK_END)
        size_format = "<LLQQ" if extra else "<LLLL"  # ZIP64
        end = struct.unpack(size_format, stream.read(struct.calcsize(size_format)))
        assert (end[0], end[1], end[3]) == (0x08074B50, zlib.crc32(data), len(data))
        found[path] = data
    return found


def test_archive_can_be_read_as_it_arrives():
    files = {"a.pdf": b"%PDF" * 50_000, "b.xml": b"<a/>" * 9, "empty.pdf": b"", "large.pdf": b"x"}
    members = [member(path, data, 5 * 1024**3 if path == "large.pdf" else None) for path, data in files.items()]
    assert read_as_it_arrives(io.BytesIO(b"".join(zipped(members)))) == files


@pytest.mark.parametrize("chunk", [100, 16_384, 32_768, 1024 * 1024])
def test_part_is_no_larger_than_planned(chunk):
    """For the chunks that copying makes grow most."""
    data = bytes(1024 * 1024)
    documents = [a_document(srn=f"S{number}", file=a_file(size=len(data))) for number in (1, 2)]
    chunks = [data[at : at + chunk] for at in range(0, len(data), chunk)]
    packed = len(
        b"".join(
            zipped(
                Member(path=each.path, size=len(data), chunks=chunks, made=MADE) for each in planned(documents, 10**9)
            )
        )
    )
    assert packed > 2 * len(data)
    assert max(each.part for each in planned(documents, packed + 4000)) == 1
    assert max(each.part for each in planned(documents, packed)) == 2


def test_bytes_leave_as_they_come():
    """Neither a member nor the archive is collected in memory."""
    seen = []

    def chunks():
        for number in range(3):
            seen.append(number)
            yield bytes(200_000)

    stream = zipped([Member(path="a.pdf", size=600_000, chunks=chunks(), made=MADE)])
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
