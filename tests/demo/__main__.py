"""``make demo-video``: films a Filesure at work: ``docs/demo.mp4``, ``docs/demo.md``, ``docs/images/panels-*.png``.

It takes some ten minutes, for an alert needs its time before it fires. What is not installed here, such as Grafana or a
cluster, is left out of the film with a line that says so.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser.site import a_site
from tests.demo import story
from tests.demo.camera import HEIGHT, WIDTH, Camera
from tests.demo.film import ffmpeg, join, told
from tests.demo.story import SETTINGS, WORKERS, Stage
from tests.monitoring.observe import quick_rules, scrapes
from tests.processes import ROOT
from tests.servers import Unavailable, free_port
from tests.servers.chromium import chromium
from tests.servers.prometheus import prometheus

FILM, TEXT, PICTURES = ROOT / "docs/demo.mp4", ROOT / "docs/demo.md", ROOT / "docs/images"
TITLE = "Filesure at work"
_ABOUT = """# Filesure at work

[The film](demo.mp4) of {length}, made by `make demo-video` from a Filesure, its workers and a Prometheus that really
ran. Where there is no Grafana, its panels are drawn by a small page that asks the same queries, and says so. What it
shows, with the minute of each thing:
"""


@contextmanager
def a_stage(folder: Path, pictures: Path, *, quick: bool = False) -> Iterator[Stage]:
    """Everything that is filmed, until the end of the block; ``folder`` takes what it stores.

    ``quick``: alerts fire at once, and captions leave nobody time to read.
    """
    port = str(min(free_port(), 65_000))
    with (
        a_site(folder, **SETTINGS, METRICS_PORT=port) as site,
        prometheus(folder, scrapes(site.machine, WORKERS), quick_rules(folder, at_once=quick)) as watching,
        chromium() as browser,
    ):
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.set_default_timeout(20_000)
        camera = Camera(folder / "film", for_readers=not quick)
        yield Stage(
            site=site, watching=watching, page=page, camera=camera, pictures=pictures, began=time.time()
        )  # fmt: skip


def main() -> int:
    """Returns the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # as Ctrl-C does: what was started ends, too
    try:
        ffmpeg()
        with tempfile.TemporaryDirectory() as name, a_stage(Path(name), PICTURES) as stage:
            story.tell(stage)
            clips = stage.camera.clips
            join(clips, FILM, Path(name), TITLE)
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 1
    minutes, seconds = divmod(round(sum(clip.seconds for clip in clips)), 60)
    TEXT.write_text(_ABOUT.format(length=f"{minutes} min {seconds} s") + told(clips))
    print(f"{FILM}: {minutes}:{seconds:02}, {FILM.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
