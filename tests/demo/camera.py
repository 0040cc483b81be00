"""Films a browser: clips of timed frames and captions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, ScreencastFrame

WIDTH, HEIGHT = 1280, 648  # of the page; captions use the rest of the 720 lines
_READ_PER_SECOND = 15  # characters, the usual speed for subtitles
_LEAST_SECONDS = 2.5
_NO_TITLE = {"title": "display: none"}


@dataclass(frozen=True, kw_only=True)
class Caption:
    """A caption shown from ``at`` on, in seconds since the clip's start."""

    at: float
    text: str

    @property
    def seconds(self) -> float:
        """How long it takes to read."""
        return max(_LEAST_SECONDS, len(self.text) / _READ_PER_SECOND)


@dataclass(kw_only=True)
class Clip:
    """One chapter: frames and captions in order, each with its seconds since the start."""

    title: str
    frames: list[tuple[float, Path]] = field(default_factory=list)
    captions: list[Caption] = field(default_factory=list)
    seconds: float = 0


class Scene:
    """A page being filmed. Use its methods to wait: frames arrive only while Playwright runs."""

    def __init__(self, page: Page, clip: Clip, folder: Path, *, for_readers: bool) -> None:
        self.page = page
        self._clip = clip
        self._folder = folder
        self._for_readers = for_readers
        self._began = time.time()
        self._left_out = 0.0
        self._cut_at: float | None = None

    def now(self) -> float:
        """Seconds of film so far."""
        return (self._cut_at or time.time()) - self._began - self._left_out

    def take(self, frame: ScreencastFrame) -> None:
        """Keep a frame from the browser; within a cut, only the last one."""
        at = max(0.0, min(frame["timestamp"] / 1000, self._cut_at or float("inf")) - self._began - self._left_out)
        path = self._folder / f"{len(self._clip.frames):05}.jpg"
        path.write_bytes(frame["data"])
        self._clip.frames.append((at, path))

    def say(self, text: str) -> None:
        """Show a caption from now on, after the previous one could be read."""
        self.let_read()
        self._clip.captions.append(Caption(at=self.now(), text=text))

    def let_read(self) -> None:
        """Wait until the caption has been read."""
        self.wait(self._unread())

    def is_read(self) -> bool:
        """Whether the caption was shown long enough to be read."""
        return self._unread() <= 0

    def _unread(self) -> float:
        if not self._clip.captions or not self._for_readers:
            return 0
        last = self._clip.captions[-1]
        return last.at + last.seconds - self.now()

    def wait(self, seconds: float) -> None:
        """Keep filming; only briefly without readers."""
        seconds = seconds if self._for_readers else min(seconds, 1)
        if seconds > 0:
            self.page.wait_for_timeout(seconds * 1000)

    def until(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Keep filming until the condition is true."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            self.wait(0.2)

    def scroll(self, by: int) -> None:
        """Scroll down smoothly by this many pixels."""
        self.page.evaluate("by => window.scrollBy({top: by, behavior: 'smooth'})", by)

    def glide(self, by: int, seconds: float) -> None:
        """Scroll slowly, so that the content can be read."""
        self.wait(2)
        self.scroll(by)
        self.wait(seconds - 2)

    def bring(self, what: Locator) -> None:
        """Scroll until the element is in the middle."""
        what.first.evaluate("one => one.scrollIntoView({block: 'center', behavior: 'smooth'})")

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Leave this block out of the film."""
        self._cut_at = time.time()
        try:
            yield
            self.wait(0.3)  # for the last frame
        finally:
            self._left_out += time.time() - self._cut_at
            self._cut_at = None


class Camera:
    """Makes clips with frames in this folder. Without ``for_readers``, captions are shown only briefly."""

    def __init__(self, folder: Path, *, for_readers: bool = True) -> None:
        self.clips: list[Clip] = []
        self._folder = folder
        self._for_readers = for_readers

    @contextmanager
    def scene(self, title: str, page: Page) -> Iterator[Scene]:
        """Film this page during the block, and until the last caption can be read."""
        folder = self._folder / f"{len(self.clips):02}"
        folder.mkdir(parents=True)
        clip = Clip(title=title)
        scene = Scene(page, clip, folder, for_readers=self._for_readers)
        page.screencast.start(on_frame=scene.take, quality=92, size={"width": WIDTH, "height": HEIGHT})
        page.screencast.show_actions(cursor="pointer", duration=500, style=_NO_TITLE)
        try:
            scene.until(lambda: clip.frames, 10)
            yield scene
            scene.let_read()
            clip.seconds = scene.now()
        finally:
            page.screencast.stop()
        self.clips.append(clip)
