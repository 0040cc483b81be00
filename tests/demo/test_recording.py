"""The recording of a cluster plays from the order to its end."""

from __future__ import annotations

import re

from tests.demo.recording import Recording
from tests.processes import ROOT


def test_nothing_runs_before_the_order() -> None:
    recording = Recording(speed=1)
    assert (recording.counts(), len(recording.lines()), recording.is_over()) == ((0, 0), 1, False)


def test_recording_starts_with_all_jobs_due(monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    recording = Recording(speed=2)
    recording.order(recording.jobs)
    now[0] += 3.5  # 7 s of the recording
    assert recording.jobs == 20
    assert recording.counts() == (20, 0)
    assert {line.split()[2] for line in recording.lines()[1:]} <= {"Pending", "Init:0/1"}
    now[0] += 60
    assert recording.is_over()
    assert recording.counts() == (0, 0)
    assert len(recording.lines()) == 17


def test_captions_agree_with_the_recording() -> None:
    story = (ROOT / "tests/demo/story.py").read_text()
    pods = set(re.findall(r"worker-\S+", (ROOT / "bench/keda-recording.txt").read_text()))
    assert f"{len(pods)} pods, none of them idle" in story
