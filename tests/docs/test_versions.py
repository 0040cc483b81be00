"""docs/deployment.md lists the versions that the manifests and scripts use."""

from __future__ import annotations

import re

from jobs.configuration.table import BASE_DIR

TEXT = (BASE_DIR / "docs/deployment.md").read_text()
ROWS = dict(re.findall(r"^\| ([^|]+?) \| (v?\d[\w.]*) \| [^|]+ \|$", TEXT, re.MULTILINE))


def test_images_are_those_of_the_manifests():
    used = set[tuple[str, str]]()
    for path in [*(BASE_DIR / "k8s").rglob("*.yaml"), BASE_DIR / "compose.yaml"]:
        used |= set(re.findall(r"image: ([a-z0-9_./-]+):(v?\d[\w.]*)$", path.read_text(), re.MULTILINE))
    listed = {(name.strip("`"), version) for name, version in ROWS.items() if name.startswith("`")}
    assert listed == {each for each in used if not each[0].startswith("ghcr.io/filesure/")}


def test_charts_are_those_of_the_scripts():
    scripts = "".join((BASE_DIR / name).read_text() for name in ("infra/cluster.py", "k8s/overlays/ci/cluster.sh"))
    charts = {name: version for name, version in ROWS.items() if "chart" in name}
    assert len(charts) == 4
    for name, version in charts.items():
        assert version in scripts, name
    for release, version in re.findall(r"--install ([\w-]+) .*?--version (\S+)", TEXT.replace("\\\n", " ")):
        assert version in charts.values(), release
