"""Draws forms on pages: printed, with AcroForm fields, with drawn radio buttons, and as scans."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Sequence

from jobs.domain.forms import FORMS
from worker.sources.simulated_forms import Entry, Form, label_of
from worker.sources.simulated_pages import CAPTION_X, VALUE_X, Drawn, Layout, lines_of
from worker.sources.simulated_pdf import document, escaped, win_ansi

_FIELDS_PER_PAGE = 40
_EPOCH = time.gmtime(0)
_MARGIN, _LINE = 0.7, 0.31  # inches, of scans
_LETTERS = 12  # points, of scans


def text_form_pdf(form: Form, *, radios: bool = False) -> bytes:
    """A printed form. ``radios``: choices are drawn as circles, as the Ministry's third version does."""
    layout = Layout(_heading(form))
    for entry in form.entries:
        layout.answer(label_of(entry), entry.shown, entry.options if radios else ())
    for table in form.tables:
        layout.table(table)
    return document([_content(page) for page in layout.pages()], title=form.form, attachments=form.attachments)


def radio_pdf(questions: Sequence[tuple[str, Sequence[str], int]]) -> bytes:
    """Only radio buttons: label, options, and the number of the selected one."""
    layout = Layout([])
    for label, options, selected in questions:
        layout.answer(label, options[selected], options)
    return document([_content(page) for page in layout.pages()], title="Radios")


def acroform_pdf(form: Form) -> bytes:
    """AcroForm fields with appearances, nested in a tree of names."""
    fields = []
    for at, entry in enumerate(form.entries):
        page, row = divmod(at, _FIELDS_PER_PAGE)
        y = 780 - 18 * row
        shown = escaped(win_ansi(entry.shown))
        appearance = f"/Tx BMC\nq\nBT\n/F1 9 Tf\n2 3 Td\n({shown}) Tj\nET\nQ\nEMC\n".encode("cp1252")
        fields.append((page, entry.name, shown, (VALUE_X, y - 4, 560, y + 10), appearance))
    pages = [
        _content(_captions(form, form.entries[start : start + _FIELDS_PER_PAGE]))
        for start in range(0, len(form.entries), _FIELDS_PER_PAGE)
    ]
    return document(pages, title=form.form, fields=fields, attachments=form.attachments)


def _captions(form: Form, entries: Sequence[Entry]) -> list[Drawn]:
    captions = [
        Drawn(x=CAPTION_X, y=780 - 18 * row, text=lines_of(label_of(entry), "")[0][0])
        for row, entry in enumerate(entries)
    ]
    return [Drawn(x=CAPTION_X, y=810, text=f"Form No. {form.form}"), *captions]


def scanned_lines(form: Form, cin: str) -> list[str]:
    """The text of a scan: heading, as many captions and values as fit on a page, and the CIN."""
    entries = [entry for entry in form.entries if entry.shown][:30]
    answers = [f"{label_of(entry)[:45]}: {entry.shown[:40]}" for entry in entries]
    return [f"Form No. {form.form}", *answers, f"CIN: {cin}"]


def scanned_pdf(lines: Sequence[str], dpi: int, chance: random.Random) -> bytes:
    """A scan, rotated by up to 2°, with noise."""
    from PIL import Image, ImageDraw, ImageFont

    size = (int(8.27 * dpi), int(11.69 * dpi))
    image = Image.new("L", size, 255)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(_LETTERS * dpi / 72)
    for row, line in enumerate(lines):
        draw.text((_MARGIN * dpi, (_MARGIN + _LINE * row) * dpi), line, fill=30, font=font)
    image = image.rotate(chance.uniform(-2, 2), fillcolor=255, resample=Image.Resampling.BILINEAR)
    noise = Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
    stream = io.BytesIO()
    # Without a fixed time the same scan would differ each time.
    Image.blend(image, noise, 0.08).save(stream, "PDF", resolution=dpi, creationDate=_EPOCH, modDate=_EPOCH)
    return stream.getvalue()


def _heading(form: Form) -> list[str]:
    purpose = FORMS.get(form.form)
    return [f"Form No. {form.form}", *([purpose] if purpose else []), ""]


def _content(page: Sequence[Drawn]) -> bytes:
    parts = []
    for each in page:
        if each.selected is None:
            parts.append(f"BT /F1 9 Tf {each.x:g} {each.y:g} Td ({escaped(each.text)}) Tj ET")
        else:
            parts.append(f"{_circle(each.x, each.y, 5)} S")
            parts += [f"{_circle(each.x, each.y, 2)} f"] if each.selected else []
    return ("\n".join(parts) + "\n").encode("cp1252", "replace")


def _circle(x: float, y: float, r: float) -> str:
    k = 0.5523 * r
    return (
        f"{x + r} {y} m {x + r} {y + k} {x + k} {y + r} {x} {y + r} c {x - k} {y + r} {x - r} {y + k} {x - r} {y} c "
        f"{x - r} {y - k} {x - k} {y - r} {x} {y - r} c {x + k} {y - r} {x + r} {y - k} {x + r} {y} c h"
    )
