"""The pod counts and the picture in docs/scaling.md follow KEDA's formula, the ScaledJob and the recording."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from bench.scaling import JOBS, MOST, PICTURE, RUN, START, computed, mean_seconds, picture, pods_by_second, recorded
from jobs.configuration.table import BASE_DIR

TEXT = (BASE_DIR / "docs/scaling.md").read_text()


def test_table_follows_keda_s_formula():
    start, run = map(int, re.findall(r"start in (\d+) s and runs of (\d+) s", TEXT)[0])
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in TEXT.splitlines() if re.match(r"\| \d+ \|", row)]
    assert len(rows) == 4
    for jobs, *counts, end in rows:
        seen = pods_by_second(int(jobs), start, run)
        at = [seen[second] if second < len(seen) else 0 for second in (10, 60, 120, 300, 600)]
        assert [int(count or 0) for count in counts] == at, jobs
        assert end == f"{math.ceil(len(seen) / 60)} min", jobs


def test_pod_count_stays_within_bounds():
    for jobs in (1, 19, 20, 21, 57):
        seen = pods_by_second(jobs, 8, 30)
        assert max(seen) == min(jobs, MOST)
        assert seen[-1] == 0


def test_picture_is_current():
    assert PICTURE.read_text() == picture(), "run: python -m bench.scaling"
    assert f"images/{PICTURE.name}" in TEXT
    ElementTree.fromstring(PICTURE.read_text())  # noqa: S314  our own


def test_formula_is_the_recording_s_lower_bound():
    """The formula's runs are equal; recorded ones differ, and a job that just misses a count waits for the next."""
    (alive, due), model = recorded(), computed()
    assert (pytest.approx(mean_seconds("Pending"), abs=1), pytest.approx(mean_seconds("Running"), abs=1)) == (
        START,
        RUN,
    )
    assert max(count for _, count in alive) == max(count for _, count in model) == JOBS == MOST
    ended, earliest = (max(seconds for seconds, count in each if count) for each in (alive, model))
    assert earliest < ended < 1.5 * earliest
    assert f"at the earliest after {earliest:.0f} s" in TEXT
    assert (alive[-1][1], due[-1][1]) == (0, 0)
