"""The contents of the images."""

from __future__ import annotations

import os
import re
import stat
import subprocess

import pytest

from tests.images.container import Image, buildah
from tests.processes import ROOT

COMPILERS = ("gcc", "g++", "cc", "c++", "clang", "tcc", "as", "ld", "make", "cargo", "rustc")
PROGRAMS = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "opt/venv/bin")


def has_program(image: Image, name: str) -> bool:
    """Broken links count too, because from outside the image their targets are looked up on this machine."""
    return any(os.path.lexists(image.root / folder / name) for folder in PROGRAMS)


def test_images_run_as_a_numeric_user(image):
    assert image.config["User"] == "10001:10001"
    done = image.run("python", "-c", "import os; print(os.getuid(), os.getgid(), os.getgroups())")
    assert done.stdout == "10001 10001 [10001]\n", done.stderr


def test_images_contain_no_compiler_or_pip(image):
    assert has_program(image, "python")
    assert [name for name in COMPILERS if has_program(image, name)] == []
    assert list((image.root / "opt/venv").rglob("pip")) == []


def test_only_the_worker_contains_tesseract(web, worker):
    assert not has_program(web, "tesseract")
    assert {"eng", "hin"} <= set(worker.run("tesseract", "--list-langs").stdout.split())


def test_app_holds_only_repository_code(image):
    """The images contain no tests, documents, secrets or stray files."""
    tracked = subprocess.run(
        ["git", "ls-files", "filesure_site", "jobs", "worker", "templates", "manage.py"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    ).stdout.split()
    app = image.root / "app"
    found = {str(path.relative_to(app)) for path in app.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {name for name in found if not name.startswith("staticfiles/")} == set(tracked)


def test_dependencies_exclude_tests_and_embedded_mongodb(image):
    packages = next((image.root / "opt/venv/lib").glob("python3*/site-packages"))
    assert [path for path in packages.rglob("tests/*") if path.is_file()] == []
    assert list(packages.glob("nx_27017*")) == []
    assert list(packages.glob("pymongo*"))


def test_runtime_user_cannot_change_the_code(image):
    ours = [path.lstat() for path in image.files("app", "opt/venv") if not path.is_symlink()]
    assert len(ours) > 1000
    assert {each.st_uid for each in ours} == {0}
    assert not any(each.st_mode & (stat.S_IWGRP | stat.S_IWOTH) for each in ours)


def test_build_settings_stay_outside(image):
    left = [image.root / "etc/pip.conf", image.root / "root/.config", *(image.root / "run/secrets").glob("*")]
    assert [path for path in left if path.exists() and path.stat().st_size] == []
    assert not re.search(r"(?i)index|proxy|cert", " ".join(image.config["Env"]))


def test_every_module_is_compiled(image):
    """Otherwise every start would compile again, because the root is read-only."""
    stdlib = "import os; print(os.path.dirname(os.__file__))"
    places = [image.run("python", "-c", stdlib).stdout.strip().lstrip("/") + "/asyncio", "app/jobs", "app/worker"]
    sources = [path for path in image.files(*places) if path.suffix == ".py"]
    compiled = [next((path.parent / "__pycache__").glob(f"{path.stem}.cpython-*.pyc")) for path in sources]
    assert len(compiled) > 80
    unchecked_hash = (1).to_bytes(4, "little")  # PEP 552: an unchecked hash
    assert {path.read_bytes()[4:8] for path in compiled} == {unchecked_hash}


def test_labels_name_the_image_and_commit(image):
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, text=True, capture_output=True, check=True
    ).stdout.strip()
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in image.config["Labels"].items()}
    assert labels["revision"] == revision
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["created"])
    assert {"title", "description", "licenses", "version"} <= set(labels)
    assert f"FILESURE_REVISION={revision}" in image.config["Env"]


@pytest.mark.parametrize(("part", "most"), [("web", 310), ("worker", 400)])
def test_images_stay_small(part, most, request):
    """Unpacked size in MB: files included by mistake are rarely small."""
    image = request.getfixturevalue(part)
    size = buildah("images", "--format", "{{.Size}}", image.name)
    print(f"{image.name}: {size}")
    assert float(size.removesuffix(" MB")) < most


def test_both_images_share_their_layers(web, worker):
    """A node that has one image then downloads little for the other."""
    assert len(web.layers & worker.layers) == 3
