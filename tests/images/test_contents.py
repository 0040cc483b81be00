"""What is in the images, and what is not."""

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
    """A link counts wherever it leads: from outside, its goal seems to be this machine's."""
    return any(os.path.lexists(image.root / folder / name) for folder in PROGRAMS)


def test_they_run_as_a_user_that_is_a_number_and_not_root(image):
    assert image.config["User"] == "10001:10001"
    done = image.run("python", "-c", "import os; print(os.getuid(), os.getgid(), os.getgroups())")
    assert done.stdout == "10001 10001 [10001]\n", done.stderr


def test_no_compiler_and_no_pip_of_ours_is_inside(image):
    assert has_program(image, "python")
    assert [name for name in COMPILERS if has_program(image, name)] == []
    assert list((image.root / "opt/venv").rglob("pip")) == []


def test_tesseract_is_in_the_worker_alone(web, worker):
    assert not has_program(web, "tesseract")
    assert {"eng", "hin"} <= set(worker.run("tesseract", "--list-langs").stdout.split())


def test_the_app_is_the_repositorys_code_and_nothing_else(image):
    """No test, no document, no secret, nothing that lay around."""
    tracked = subprocess.run(
        ["git", "ls-files", "filesure_site", "jobs", "worker", "templates", "manage.py"],
        cwd=ROOT, text=True, capture_output=True, check=True,
    ).stdout.split()  # fmt: skip
    expected = {name for name in tracked if not name.endswith("Dockerfile")}
    app = image.root / "app"
    found = {str(path.relative_to(app)) for path in app.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {name for name in found if not name.startswith("staticfiles/")} == expected


def test_dependencies_bring_no_tests_and_no_embedded_mongodb(image):
    packages = next((image.root / "opt/venv/lib").glob("python3*/site-packages"))
    assert [path for path in packages.rglob("tests/*") if path.is_file()] == []
    assert list(packages.glob("nx_27017*")) == []
    assert list(packages.glob("pymongo*"))


def test_nothing_of_ours_can_be_changed_by_the_user_it_runs_as(image):
    ours = [path.lstat() for path in image.files("app", "opt/venv") if not path.is_symlink()]
    assert len(ours) > 1000
    assert {each.st_uid for each in ours} == {0}
    assert not any(each.st_mode & (stat.S_IWGRP | stat.S_IWOTH) for each in ours)


def test_how_the_build_reached_its_packages_is_not_inside(image):
    left = [image.root / "etc/pip.conf", image.root / "root/.config", *(image.root / "run/secrets").glob("*")]
    assert [path for path in left if path.exists() and path.stat().st_size] == []
    assert not re.search(r"(?i)index|proxy|cert", " ".join(image.config["Env"]))


def test_every_module_is_compiled_whatever_its_file_times_say(image):
    """A root that cannot be written stays as slow as it was at the first start."""
    stdlib = "import os; print(os.path.dirname(os.__file__))"
    places = [image.run("python", "-c", stdlib).stdout.strip().lstrip("/") + "/asyncio", "app/jobs", "app/worker"]
    sources = [path for path in image.files(*places) if path.suffix == ".py"]
    compiled = [next((path.parent / "__pycache__").glob(f"{path.stem}.cpython-*.pyc")) for path in sources]
    assert len(compiled) > 80
    unchecked_hash = (1).to_bytes(4, "little")  # PEP 552: a hash is inside, and nobody compares it
    assert {path.read_bytes()[4:8] for path in compiled} == {unchecked_hash}


def test_the_labels_say_what_it_is_and_from_which_commit(image):
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, text=True, capture_output=True, check=True
    ).stdout.strip()  # fmt: skip
    labels = {
        name.removeprefix("org.opencontainers.image."): value for name, value in image.config["Labels"].items()
    }  # fmt: skip
    assert labels["revision"] == revision
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["created"])
    assert {"title", "description", "licenses", "version"} <= set(labels)
    assert f"FILESURE_REVISION={revision}" in image.config["Env"]


@pytest.mark.parametrize(("part", "most"), [("web", 260), ("worker", 360)])
def test_they_stay_small(part, most, request):
    """In MB, unpacked. What is in by mistake is rarely small."""
    image = request.getfixturevalue(part)
    size = buildah("images", "--format", "{{.Size}}", image.name)
    print(f"{image.name}: {size}")
    assert float(size.removesuffix(" MB")) < most


def test_both_share_base_standard_library_and_dependencies(web, worker):
    """A node that has one of them fetches little for the other; so it stays while both are built alike."""
    assert len(web.layers & worker.layers) == 3
