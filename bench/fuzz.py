"""``python -m bench.fuzz [seconds] [files]``: reads as many damaged files as the time allows, at most 10,000.

The worker must survive each one and report a state and a reason, no file may take longer than the limit, and no
other files may be written. Prints each kind of answer with its number. Exits with 1 if a limit was exceeded.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from openpyxl import Workbook

from jobs.domain.filings.reading import Reading, ReadingState
from jobs.domain.filings.records import record_of
from worker.extractors.process import Limits
from worker.extractors.reader import Reader
from worker.sources.simulated_forms import invented, xfa_pdf
from worker.sources.simulated_pdf import text_pdf
from worker.sources.simulated_print import acroform_pdf, radio_pdf, text_form_pdf

LIMITS = Limits(seconds=20, cpu_seconds=15)
CIN = "L24295GJ1987PLC143792"
CRASH = "Reading the file makes the reader crash."
_NAMES = ("folder/{}.pdf", "../../{}.pdf", "/tmp/fuzz-{}.pdf")  # noqa: S108  they must not be followed
_TAGS = (b"<!DOCTYPE a>", b"</data>", b"<a>", b"&#0;", b"<![CDATA[", b'xmlns:x="', b"DATA")


def seeds() -> list[bytes]:
    form = invented("DIR-12", CIN, "Vindhya", 1, {"letter.pdf": text_pdf([["Letter"]], title="Letter")})
    files = [xfa_pdf(form), acroform_pdf(form), text_form_pdf(form), radio_pdf([("A", ("Yes", "No"), 0)])]
    xml = b'<?xml version="1.0"?><xbrl xmlns="http://www.xbrl.org/2003/instance"><a contextRef="b">1</a></xbrl>'
    return [*files, zipped(files), xml, _workbook()]


def zipped(files: Sequence[bytes]) -> bytes:
    """With names that lead out of any folder into which they might be unpacked."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, data in enumerate(files):
            archive.writestr(_NAMES[number % 3].format(number), data)
    return stream.getvalue()


def _workbook() -> bytes:
    book, stream = Workbook(), io.BytesIO()
    assert book.active
    book.active.append(["Shareholder", 100])
    book.save(stream)
    return stream.getvalue()


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Change, remove or repeat bytes, or enlarge numbers."""
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        at, length = chance.randrange(len(damaged) or 1), chance.randint(1, 64)
        match chance.randint(0, 5):
            case 0:
                damaged[at : at + 1] = chance.randbytes(1)
            case 1:
                del damaged[at : at + length]
            case 2:
                damaged[at:at] = damaged[at : at + length] * chance.randint(1, 50)
            case 3:
                damaged[at : at + 2] = chance.choice((b"99999999", b"-1", b"0", b"<<", b">>", b"obj", b"0 R"))
            case 4:
                damaged[at:at] = chance.choice(_TAGS)
            case _:
                damaged[at : at + length] = chance.randbytes(length)
    return bytes(damaged[: chance.randrange(len(damaged) + 1)] if chance.random() < 0.1 else damaged)


def damaged_file(originals: Sequence[bytes], chance: random.Random) -> bytes:
    """Damage to a file, or to a file inside an intact zip or inside a zip in a zip."""
    wrappings: tuple[Callable[[bytes], bytes], ...] = (
        *(lambda data: data,) * 8,
        lambda data: zipped([data]),
        lambda data: zipped([zipped([data])]),
    )
    return chance.choice(wrappings)(mutated(chance.choice(originals), chance))


def check(reading: Reading) -> None:
    for each in reading.all():
        assert each.state is ReadingState.READ or each.reason, each.state
        record_of(each)


def main(seconds: float = 1800, files: int = 10_000) -> int:
    chance, originals, end = random.Random(1), seeds(), time.monotonic() + seconds
    slowest, read, states, reasons = 0.0, 0, Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as folder, closing(Reader(LIMITS)) as reader:
        path = Path(folder) / "filing"
        while read < files and time.monotonic() < end:
            path.write_bytes(damaged_file(originals, chance))
            started = time.monotonic()
            reading = reader.read(path, "filing")
            check(reading)
            slowest, read = max(slowest, time.monotonic() - started), read + 1
            states[reading.state] += 1
            reasons.update([each.reason for each in reading.all() if each.reason])
            assert list(Path(folder).iterdir()) == [path]
            assert not list(Path("/tmp").glob("fuzz-*.pdf"))  # noqa: S108  a name inside the zips
    print(
        f"{read:,} files; slowest {slowest:.1f} s; {', '.join(f'{n:,} {state}' for state, n in states.most_common())}"
    )
    for reason, number in reasons.most_common(12):
        print(f"{number:7,}  {reason[:110]}")
    print(f"{reasons[CRASH]:,} crashed the reading process, and none the worker")
    return int(slowest > 2 * LIMITS.seconds)


if __name__ == "__main__":
    sys.exit(main(*(float(argument) for argument in sys.argv[1:2]), *(int(argument) for argument in sys.argv[2:3])))
