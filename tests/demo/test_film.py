"""The film can be made, and the committed one is current."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.demo import staff_pages, story
from tests.demo.__main__ import FILM, TEXT
from tests.demo.camera import HEIGHT, WIDTH, Camera
from tests.demo.film import as_markdown, ffmpeg, join
from tests.demo.stage import a_stage
from tests.demo.workers import Pods
from tests.servers.chromium import chromium

pytestmark = [pytest.mark.browser, pytest.mark.server, pytest.mark.xdist_group("demo")]
OPTIONAL = {"Grafana", "In a cluster"}


def _about(film: Path) -> dict[str, Any]:
    """ffprobe's report on a film."""
    shown = ["-show_streams", "-show_format", "-show_chapters", "-of", "json"]
    probe = Path(ffmpeg()).with_name("ffprobe")
    done = subprocess.run([probe, "-v", "error", *shown, film], capture_output=True, check=True)
    return dict(json.loads(done.stdout))


def _chapters(film: dict[str, Any]) -> list[str]:
    return [chapter["tags"]["title"] for chapter in film["chapters"]]


def _headings(text: str) -> list[str]:
    return re.findall(r"^## (.+)$", text, re.MULTILINE)


def _colours(film: Path, at: float, box: str) -> list[tuple[int, int, int]]:
    """The colours within a box, given as for ffmpeg's crop filter."""
    command = [ffmpeg(), "-loglevel", "error", "-ss", str(at), "-i", str(film), "-frames:v", "1", "-vf", f"crop={box}"]
    done = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, check=True)
    return list(zip(*[iter(done.stdout)] * 3, strict=True))


def _mostly(colours: list[tuple[int, int, int]], wanted: tuple[int, int, int]) -> bool:
    near = sum(all(abs(one - other) < 12 for one, other in zip(colour, wanted, strict=True)) for colour in colours)
    return near > 0.9 * len(colours)


def test_film_parts_are_timed_without_cuts(tmp_path: Path) -> None:
    camera, film = Camera(tmp_path / "frames"), tmp_path / "film.mp4"
    with chromium() as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_content("<body style='background: #c00000'>")
        with camera.scene("Red and blue", page) as scene:
            scene.say("Red")
            scene.let_read()
            with scene.cut():
                page.evaluate("document.body.style.background = '#00c000'")
                scene.wait(3)
                page.evaluate("document.body.style.background = '#0000c0'")
            scene.say("Blue")
        page.set_content("<body style='background: #c0c0c0'>")
        with camera.scene("Grey", page) as scene:
            scene.wait(1)
            scene.say("Grey, and a caption that takes its time to be read")
    join(camera.clips, film, tmp_path, "Colours")

    about = _about(film)
    assert _chapters(about) == ["Red and blue", "Grey"]
    first, second = camera.clips
    assert 5 < first.seconds < 7, "two captions of 2.5 s, without the 3 s cut between them"
    assert second.seconds > 4.3
    assert float(about["format"]["duration"]) == pytest.approx(first.seconds + second.seconds, abs=0.1)
    middle, band = "40:40:600:300", f"900:{720 - HEIGHT}:236:{HEIGHT}"
    assert _mostly(_colours(film, 1, middle), (192, 0, 0))
    assert _mostly(_colours(film, first.captions[1].at + 1, middle), (0, 0, 192))
    assert _mostly(_colours(film, first.seconds + 0.5, middle), (192, 192, 192))
    assert (255, 255, 255) in _colours(film, 1, band), "the caption is written in white"
    assert (255, 255, 255) not in _colours(film, first.seconds + 0.5, band), "and disappears after it"
    assert as_markdown(camera.clips).count("\n- ") == 3


@pytest.mark.timeout(1200)
def test_whole_story_can_be_filmed(tmp_path: Path) -> None:
    with a_stage(tmp_path, tmp_path, quick=True) as stage:
        story.film(stage)
        clips = stage.camera.clips
    wanted = [title for title in _headings(TEXT.read_text()) if title not in OPTIONAL]
    assert [clip.title for clip in clips if clip.title not in OPTIONAL] == wanted, "make demo-video"
    assert len(list(tmp_path.glob("panels-*.png"))) == 4
    assert all(len(clip.frames) > 1 for clip in clips if clip.title not in ("Filesure", "Try it")), (
        "something moves in each scene"
    )


def test_committed_film_is_short_and_small() -> None:
    about = _about(FILM)
    (picture,) = (stream for stream in about["streams"] if stream["codec_type"] == "video")
    assert (picture["codec_name"], picture["width"], picture["height"]) == ("h264", 1280, 720)
    assert picture["pix_fmt"] == "yuv420p", "all players support it"
    assert 180 <= float(about["format"]["duration"]) <= 300
    assert FILM.stat().st_size < 20_000_000
    assert FILM.read_bytes().index(b"moov") < 100_000, "it plays while it downloads"


def test_committed_film_matches_the_story() -> None:
    source = "".join(Path(str(module.__file__)).read_text() for module in (story, staff_pages))
    text = TEXT.read_text()
    said = re.findall(r'(?:scene\.say\(|JOBS, )"([^"]+)"', source)
    missing = [each for each in said if f" {each}\n" not in text]
    assert len(said) > 20
    assert _chapters(_about(FILM)) == _headings(text)
    left_out = ("The same in Kubernetes", "The same dashboard in Grafana")
    assert [each for each in missing if not each.startswith(left_out)] == [], "make demo-video"


def test_pods_require_a_scaled_job(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not Pods.available()
