"""The blob store in a folder: full disks, killed processes, races."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.adapters.file_blob import FileBlobStore
from jobs.domain.errors import BlobNotFound, BlobStoreRefused, BlobStoreUnavailable, LeaseLost
from jobs.ports import Blob
from tests.blobs import properties

PROJECT = Path(__file__).parents[3]
NAME = "jobs/65a1f0c2b7e4d3a291f0c2b7/document_1.pdf"

# Prints "here" and waits to be killed: while bytes arrive, before they are synced to disk, or
# after renaming the properties but before renaming the blob.
HANGING_WRITER = """
import hashlib, io, os, pathlib, sys, time
from jobs.adapters.file_blob import FileBlobStore

root, point, name = sys.argv[1:]

def hang(*_):
    print("here", flush=True)
    time.sleep(60)

class Data(io.BytesIO):
    def read(self, *size):
        chunk = super().read(*size)
        if point == "reading" and not chunk:
            hang()
        return chunk

move = pathlib.Path.replace

def replace(path, target):
    return move(path, target) if point != "moving" or str(target).endswith(".json") else hang()

if point == "syncing":
    os.fsync = hang
pathlib.Path.replace = replace
data = b"half" * 300_000
FileBlobStore(pathlib.Path(root)).put(
    name, Data(data), content_type="a/b", md5=hashlib.md5(data).digest(), fence=2, metadata={"jobId": "j1"}
)
"""

# Writes the same names as a second process, and prints how often it was refused.
RIVAL = """
import hashlib, io, pathlib, sys
from jobs.adapters.file_blob import FileBlobStore
from jobs.domain.errors import LeaseLost

store, fence, lost = FileBlobStore(pathlib.Path(sys.argv[1])), int(sys.argv[2]), 0
data = b"%d" % fence * 1000
print("ready", flush=True)
sys.stdin.readline()
for number in range(60):
    try:
        store.put(
            f"jobs/a/{number}", io.BytesIO(data), content_type="a/b", md5=hashlib.md5(data).digest(), fence=fence,
            metadata={"jobId": "j1"},
        )
    except LeaseLost:
        lost += 1
print(lost, flush=True)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def store(root: Path) -> FileBlobStore:
    return FileBlobStore(root)


def put(store: FileBlobStore, data: bytes, *, name: str = NAME, fence: int = 1) -> Blob:
    return store.put(
        name,
        io.BytesIO(data),
        content_type="application/pdf",
        md5=hashlib.md5(data).digest(),
        fence=fence,
        metadata={"jobId": "j1"},
    )


def get(store: FileBlobStore, name: str = NAME) -> bytes:
    with store.open(name) as file:
        return file.read()


def incoming(root: Path) -> list[Path]:
    return list((root / ".incoming").iterdir())


def python(script: str, *arguments: str) -> subprocess.Popen[str]:
    """A process that runs the script, connected by pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed_in_the_middle(root: Path, point: str) -> None:
    with python(HANGING_WRITER, str(root), point, NAME) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "here\n"
        finally:
            process.kill()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_unavailable_without_leftovers(
    store: FileBlobStore, root: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def full(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BlobStoreUnavailable, match="No space left"):
        put(store, b"x")
    assert (list(store.names("")), incoming(root)) == ([], [])


def test_full_disk_keeps_the_old_blob(store: FileBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, b"first")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)  # room for the bytes but not for the properties
    with pytest.raises(BlobStoreUnavailable, match="No space left"):
        put(store, b"second")
    monkeypatch.undo()
    assert (get(store), properties(store, NAME).size) == (b"first", 5)


def test_root_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = FileBlobStore(tmp_path / "file" / "blobs")
    with pytest.raises(BlobStoreRefused, match="Not a directory"):
        store.check()
    with pytest.raises(BlobStoreRefused, match="Not a directory"):
        put(store, b"x")


def test_read_only_disk_is_refused(store: FileBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(_: int) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "fsync", read_only)  # permissions would not stop root
    with pytest.raises(BlobStoreRefused, match="Read-only"):
        put(store, b"x")


def test_check_creates_and_names_the_root(store: FileBlobStore, root: Path) -> None:
    word = store.check()
    assert str(root) in word
    assert "GB free" in word
    assert (root.is_dir(), incoming(root), list(store.names(""))) == (True, [], [])


@pytest.mark.parametrize("point", ["reading", "syncing", "moving"])
def test_killed_put_leaves_no_blob(store: FileBlobStore, root: Path, point: str) -> None:
    killed_in_the_middle(root, point)
    assert list(store.names("")) == []
    with pytest.raises(BlobNotFound):
        properties(store, NAME)
    with pytest.raises(BlobNotFound):
        get(store)
    blob = put(store, b"whole", fence=2)
    assert (get(store), properties(store, NAME), list(store.names(""))) == (b"whole", blob, [NAME])


@pytest.mark.parametrize("point", ["reading", "syncing", "moving"])
def test_killed_overwrite_keeps_the_old_bytes(store: FileBlobStore, root: Path, point: str) -> None:
    put(store, b"before", fence=1)
    killed_in_the_middle(root, point)
    assert get(store) == b"before"
    blob = put(store, b"after", fence=2)
    assert (get(store), properties(store, NAME)) == (b"after", blob)


def test_killed_put_still_blocks_lower_fences(store: FileBlobStore, root: Path) -> None:
    killed_in_the_middle(root, "moving")
    with pytest.raises(LeaseLost):
        put(store, b"late", fence=1)


def test_higher_fence_wins_between_processes(store: FileBlobStore, root: Path) -> None:
    with python(RIVAL, str(root), "1") as low, python(RIVAL, str(root), "2") as high:
        for process in (low, high):
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in (low, high):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        low.communicate()
        lost_by_high = high.communicate()[0]
        assert (low.returncode, high.returncode, lost_by_high) == (0, 0, "0\n")
    for name in store.names("jobs/"):
        assert get(store, name) == b"2" * 1000
        assert properties(store, name).md5 == hashlib.md5(b"2" * 1000).digest()
    assert len(list(store.names("jobs/"))) == 60


def test_content_with_a_wrong_md5_is_refused(store: FileBlobStore, root: Path) -> None:
    with pytest.raises(BlobStoreUnavailable, match="do not match their checksum"):
        store.put(NAME, io.BytesIO(b"x"), content_type="a/b", md5=bytes(16), fence=1, metadata={})
    assert (list(store.names("")), incoming(root)) == ([], [])


def test_lost_lease_names_job_and_fence(store: FileBlobStore) -> None:
    put(store, b"x", fence=3)
    with pytest.raises(LeaseLost) as caught:
        put(store, b"y", fence=2)
    assert (caught.value.job_id, caught.value.fence) == ("j1", 2)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "/etc/x", "../x", "a/../b", ".properties/x", "a/.b", "a\0b", "a//b", "a/./b", "a/", "./a"],
)
def test_path_traversal_is_wrong_use(store: FileBlobStore, tmp_path: Path, name: str) -> None:
    store.check()
    before = sorted(tmp_path.rglob("*"))
    for act in (lambda: put(store, b"x", name=name), lambda: get(store, name), lambda: store.delete(name)):
        with pytest.raises(ValueError, match="is not a valid blob name"):
            act()
    with pytest.raises(ValueError, match="is not a valid blob name"):
        properties(store, name)
    assert [path for path in sorted(tmp_path.rglob("*")) if path.name != ".lock"] == before


def test_blob_path_is_its_name(store: FileBlobStore, root: Path) -> None:
    blob = put(store, b"x")
    assert (root / NAME).read_bytes() == b"x"
    assert blob.url == (root / NAME).as_uri()


@pytest.mark.parametrize("text", ["", "{", "[1"])
def test_next_put_repairs_unreadable_properties(store: FileBlobStore, root: Path, text: str) -> None:
    put(store, b"before", fence=5)
    (root / ".properties" / f"{NAME}.json").write_text(text, encoding="utf-8")
    with pytest.raises(BlobNotFound, match="properties"):
        properties(store, NAME)
    assert put(store, b"after", fence=6) == properties(store, NAME)


@pytest.mark.parametrize("prefix", ["/etc/ho", "../", ".properties/", "a//"])
def test_impossible_prefix_matches_nothing(store: FileBlobStore, prefix: str) -> None:
    put(store, b"x", name="a/b")
    assert list(store.names(prefix)) == []


def test_folder_is_not_a_blob(store: FileBlobStore) -> None:
    put(store, b"x")
    with pytest.raises(BlobNotFound):
        get(store, "jobs")


def test_interrupted_uploads_are_removed_a_day_later(store: FileBlobStore, root: Path) -> None:
    put(store, b"x")
    old, new = root / ".incoming" / "old", root / ".incoming" / "new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    store.tidy()
    assert (old.exists(), new.exists()) == (False, True)
    assert list(store.names("")) == [NAME]
