"""Joins clips into a film (H.264, 1280×720) with chapters and captions below the picture, and as Markdown."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.demo.camera import WIDTH, Clip
from tests.servers import Unavailable

FRAMES_PER_SECOND = 25
_LINES = 720
# Chapter at the left, caption beside it, both in the band below the picture. Colours are &HBBGGRR.
_STYLES = f"""[Script Info]
ScriptType: v4.00+
PlayResX: {WIDTH}
PlayResY: {_LINES}
WrapStyle: 0

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Alignment, MarginL, MarginR, MarginV
Style: Chapter,DejaVu Sans,21,&H00FFB07F,1,4,24,1060,0
Style: Caption,DejaVu Sans,23,&H00FFFFFF,0,4,236,24,0

[Events]
Format: Layer, Start, End, Style, Text
"""
# Centred at y=684, below the picture: a margin cannot centre captions of one or two lines.
_PLACES = {"Chapter": r"{\an4\pos(24,684)}", "Caption": r"{\an4\pos(236,684)}"}
# Convert from JPEG's colour range to that of films.
_FILTERS = (
    "scale=in_range=full:out_range=tv:in_color_matrix=bt601:out_color_matrix=bt709",
    "format=yuv420p",
    f"pad={WIDTH}:{_LINES}:0:0:color=0x101418",
    "ass=captions.ass",
)
_CODEC = (
    "-c:v",
    "libx264",
    "-preset",
    "medium",
    "-crf",
    "24",
    "-profile:v",
    "high",
    "-tune",
    "animation",
    "-color_range",
    "tv",
    "-colorspace",
    "bt709",
    "-color_primaries",
    "bt709",
    "-color_trc",
    "bt709",
    "-movflags",
    "+faststart",
)


def ffmpeg() -> str:
    """The path of the program. Raises Unavailable."""
    path = shutil.which("ffmpeg")
    if path is None:
        raise Unavailable("ffmpeg is missing: `apt-get install --no-install-recommends ffmpeg`")
    return path


def join(clips: Sequence[Clip], film: Path, folder: Path, title: str) -> None:
    """Write the film, with temporary files in ``folder``. Raises Unavailable, CalledProcessError."""
    (folder / "captions.ass").write_text(_captions(clips))
    (folder / "chapters.txt").write_text(_chapters(clips, title))
    pictures = ("-f", "image2pipe", "-c:v", "mjpeg", "-framerate", str(FRAMES_PER_SECOND), "-i", "pipe:0")
    chapters = ("-f", "ffmetadata", "-i", "chapters.txt", "-map", "0:v", "-map_metadata", "1", "-map_chapters", "1")
    command = [ffmpeg(), "-y", "-loglevel", "error", *pictures, *chapters, "-vf", ",".join(_FILTERS), *_CODEC]
    with subprocess.Popen([*command, str(film.resolve())], cwd=folder, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for picture in _pictures(clips):
            process.stdin.write(picture.read_bytes())
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def _pictures(clips: Sequence[Clip]) -> Iterator[Path]:
    """The newest picture at the time of each frame."""
    for clip in clips:
        newest = 0
        for number in range(_length(clip)):
            at = number / FRAMES_PER_SECOND
            while newest + 1 < len(clip.frames) and clip.frames[newest + 1][0] <= at:
                newest += 1
            yield clip.frames[newest][1]


def _length(clip: Clip) -> int:
    return round(clip.seconds * FRAMES_PER_SECOND)


def _starts(clips: Sequence[Clip]) -> Iterator[tuple[float, Clip]]:
    """Each clip with its start in seconds."""
    frames = 0
    for clip in clips:
        yield frames / FRAMES_PER_SECOND, clip
        frames += _length(clip)


def _captions(clips: Sequence[Clip]) -> str:
    lines = []
    for start, clip in _starts(clips):
        end = start + clip.seconds
        lines.append(_line("Chapter", start, end, clip.title))
        ends = [*(start + each.at for each in clip.captions[1:]), end]
        lines += [
            _line("Caption", start + each.at, until, each.text) for each, until in zip(clip.captions, ends, strict=True)
        ]
    return _STYLES + "".join(lines)


def _line(style: str, start: float, end: float, text: str) -> str:
    return f"Dialogue: 0,{_clock(start)},{_clock(end)},{style},{_PLACES[style]}{text}\n"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"0:{int(minutes):02}:{rest:05.2f}"


def _chapters(clips: Sequence[Clip], title: str) -> str:
    text = f";FFMETADATA1\ntitle={title}\n"
    for start, clip in _starts(clips):
        begins, ends = round(start * 1000), round((start + clip.seconds) * 1000)
        text += f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={begins}\nEND={ends}\ntitle={clip.title}\n"
    return text


def as_markdown(clips: Sequence[Clip]) -> str:
    """The film's chapters and captions, as Markdown."""
    text = ""
    for start, clip in _starts(clips):
        text += f"\n## {clip.title}\n\n"
        text += "".join(f"- {_minutes(start + each.at)} {each.text}\n" for each in clip.captions)
    return text


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
