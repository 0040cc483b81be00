"""Reading filings: text and OCR compared with the tools below them, an XFA record, and memory over many files.

"Text with flattening" is the text of a form with its fields' values in it. The reader cannot make it without reading
the fields themselves, which are a result of their own, so its baseline reads the same properties of the same fields
with bare calls. The note shows the ratio to a baseline that skips them, too.

Tesseract gets each image on stdin in both cases, since the reading process may write no files. It copies stdin byte by
byte, so the note shows the ratio to files, too. OCR is compared by processor time, as it keeps all processors busy for
so long that the clock measures the rest of the machine; the note shows the clock's ratio.

The other ratios compare the fastest of several alternating rounds, since other work on the machine only slows rounds.
"""

from __future__ import annotations

import ctypes
import os
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pypdfium2
import pypdfium2.raw as pdfium

from bench.measuring import Report, alternate, sized
from bench.printed_forms import pictures_pdf, scans_of, sheet
from jobs.domain.filings.records import record_of
from worker.extractors.ocr import Ocr
from worker.extractors.reader import Reader
from worker.sources.simulated_forms import invented, xfa_pdf
from worker.sources.simulated_print import acroform_pdf, text_form_pdf

CIN = "L24295GJ1987PLC143792"
ROUNDS = sized(25, 2)
SCANS = sized(6, 2)
FILES = sized(400, 20)


def measure(uri: str, report: Report) -> None:
    del uri  # reading needs no database
    with tempfile.TemporaryDirectory() as folder, closing(Reader()) as reader:
        place = Path(folder)
        _text(report, reader, place)
        _xfa(report, reader, place)
        _ocr(report, reader, place)
        _memory(report, reader, place)


def _text(report: Report, reader: Reader, folder: Path) -> None:
    """A form with fields, and printed pages, which pdfium alone reads without rows, cells and radio buttons."""
    form = invented("AOC-4", CIN, "Vindhya", 1)
    for name, make, limit in (("text with flattening", acroform_pdf, 2.3), ("printed rows", text_form_pdf, 10)):
        path = folder / "form.pdf"
        path.write_bytes(make(form))
        read, bare = _compared(reader, path)
        note = f"{read * 1e3:.0f} ms"
        if make is acroform_pdf:
            also, less = _compared(reader, path, fields=False)
            note += f"; {also / less:.2f} if the baseline skips the fields"
        report.add(f"{name} / bare pypdfium2", read / bare, limit, note=note)


def _compared(reader: Reader, path: Path, *, fields: bool = True) -> tuple[float, float]:
    reading = reader.read(path, path.name)
    assert reading.text
    assert len(_bare(path, fields)[1]) >= len(reading.fields) or not fields
    return alternate(lambda: reader.read(path, path.name), lambda: _bare(path, fields), ROUNDS, min)


def _bare(path: Path, fields: bool) -> tuple[str, list[tuple[object, ...]]]:
    """The same pages, flattened, with pdfium's own text, and the properties of the same fields."""
    texts, found = [], []
    with closing(pypdfium2.PdfDocument(path)) as document:
        document.init_forms()
        for index in range(len(document)):
            page = document[index]
            if document.formenv:
                found += _bare_fields(document.formenv.raw, page.raw) if fields else []
                page.flatten()
            texts.append(document[index].get_textpage().get_text_range())
    return "\f".join(texts), found


def _bare_fields(form: object, page: object) -> list[tuple[object, ...]]:
    found = []
    texts = (
        pdfium.FPDFAnnot_GetFormFieldName,
        pdfium.FPDFAnnot_GetFormFieldValue,
        pdfium.FPDFAnnot_GetFormFieldAlternateName,
    )
    buffer, rect = (ctypes.c_ushort * 1024)(), pdfium.FS_RECTF()
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if pdfium.FPDFAnnot_GetSubtype(annotation) == pdfium.FPDF_ANNOT_WIDGET:
            sizes = (text(form, annotation, buffer, ctypes.sizeof(buffer)) for text in texts)
            strings = [ctypes.string_at(buffer, max(0, size - 2)).decode("utf-16-le") for size in sizes]
            kind, flags = pdfium.FPDFAnnot_GetFormFieldType(form, annotation), pdfium.FPDFAnnot_GetFlags(annotation)
            pdfium.FPDFAnnot_GetRect(annotation, rect)
            found.append((*strings, kind, flags, rect.left, rect.bottom, rect.right, rect.top))
        pdfium.FPDFPage_CloseAnnot(annotation)
    return found


def _xfa(report: Report, reader: Reader, folder: Path) -> None:
    path = folder / "xfa.pdf"
    path.write_bytes(xfa_pdf(invented("AOC-4", CIN, "Vindhya", 1)))
    record_of(reader.read(path, path.name))
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        record_of(reader.read(path, path.name))
        times.append(time.perf_counter() - started)
    report.add("seconds for the record of an XFA AOC-4", statistics.median(times), 0.1)


def _ocr(report: Report, reader: Reader, folder: Path) -> None:
    ocr = Ocr()
    if not ocr.available:
        report.skip("OCR", "tesseract is not installed")
        return
    made = (sheet("CHG-1", CIN, random.Random(number)) for number in range(SCANS))
    images = [scans_of(each, 300, random.Random(1))[0] for each in made]
    path = folder / "scan.pdf"
    path.write_bytes(pictures_pdf(images, 300))
    paths = [folder / f"{number}.pgm" for number in range(SCANS)]
    for image, file in zip(images, paths, strict=True):
        image.save(file)

    reader.read(path, path.name)
    acts = (
        lambda: reader.read(path, path.name),
        lambda: _tesseract(paths, ocr.parallel, piped=True),
        lambda: _tesseract(paths, ocr.parallel, piped=False),
    )
    rounds = [[_spent(act) for act in acts] for _ in range(sized(3, 1))]
    read, piped, opened = (sum(cpu for cpu, _ in column) for column in zip(*rounds, strict=True))
    wall = [min(seconds for _, seconds in column) for column in zip(*rounds, strict=True)]
    note = f"{wall[0] / wall[1]:.2f} by the clock; {read / opened:.2f} if the command opens files"
    report.add("OCR / the tesseract command", read / piped, 1.2, note=note)


def _spent(act: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds of this process and all below it, and seconds by the clock."""
    before, started = _processor_seconds(), time.perf_counter()
    act()
    return _processor_seconds() - before, time.perf_counter() - started


def _processor_seconds() -> float:
    own = psutil.Process()
    return sum(sum(process.cpu_times()[:4]) for process in (own, *own.children()))


def _tesseract(images: Sequence[Path], parallel: int, *, piped: bool) -> None:
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    options = ["stdout", "--dpi", "300", "--psm", "1", "-l", "eng+hin", "tsv"]

    def run(image: Path) -> None:
        command = ["tesseract", "stdin" if piped else str(image), *options]
        with image.open("rb") as file:
            subprocess.run(command, stdin=file, check=True, capture_output=True, env=environment)

    with ThreadPoolExecutor(parallel) as pool:
        list(pool.map(run, images))


def _memory(report: Report, reader: Reader, folder: Path) -> None:
    """The resident memory of both processes after a quarter of the files, and after all."""
    sizes = []
    path = folder / "one.pdf"
    for number in range(FILES):
        make = (acroform_pdf, text_form_pdf, xfa_pdf)[number % 3]
        path.write_bytes(make(invented("CHG-1", CIN, "Vindhya", number % 9)))
        reader.read(path, path.name)
        if number + 1 in (FILES // 4, FILES):
            sizes.append(_resident())
    report.add(f"memory after {FILES} files / {FILES // 4} files", sizes[1] / sizes[0], 1.1)


def _resident() -> int:
    own = psutil.Process()
    return sum(process.memory_info().rss for process in (own, *own.children(recursive=True)))
