"""``make demo-video``: films Filesure at work: ``docs/demo.mp4``, ``docs/demo.md``, ``docs/images/panels-*.png``.

It takes about ten minutes, since an alert needs time to fire. Without Grafana, it skips its scene and prints a message;
without a cluster, it plays a recording of one.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

from tests.demo import story
from tests.demo.film import as_markdown, ffmpeg, join
from tests.demo.stage import a_stage
from tests.processes import ROOT
from tests.servers import Unavailable

FILM, TEXT, PICTURES = ROOT / "docs/demo.mp4", ROOT / "docs/demo.md", ROOT / "docs/images"
TITLE = "Filesure at work"
_ABOUT = """# Filesure at work

[The film](demo.mp4) takes {length}. `make demo-video` made it from a Filesure with workers and a Prometheus that really
ran. Without Grafana, a small page draws its panels from the same queries, and says so. Without a cluster, it plays a
recording of one, and says so.

The workflow `cluster` films a real cluster and a real Grafana. To put its film in place: `gh run download --name film
--dir docs`, and commit `docs/demo.mp4`, `docs/demo.md` and `docs/images/panels-*.png`.

This is what the film shows, and when:
"""


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # like Ctrl-C: child processes end too
    try:
        ffmpeg()
        with tempfile.TemporaryDirectory() as name, a_stage(Path(name), PICTURES) as stage:
            story.film(stage)
            clips = stage.camera.clips
            join(clips, FILM, Path(name), TITLE)
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 1
    minutes, seconds = divmod(round(sum(clip.seconds for clip in clips)), 60)
    TEXT.write_text(_ABOUT.format(length=f"{minutes} min {seconds} s") + as_markdown(clips))
    print(f"{FILM}: {minutes}:{seconds:02}, {FILM.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
