"""Invents filings of every form that has a record, as printed sheets: numbered captions on the left, values beside.

What a sheet asks comes from the record's own captions, so this measures layouts, not whether real captions are known.
"""

from __future__ import annotations

import io
import random
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from PIL import Image, ImageDraw, ImageFont

from jobs.domain.filings.identifiers import Identifier
from jobs.domain.filings.records import BY_FORM
from jobs.domain.filings.values import Kind, Spec
from worker.sources.simulated_pdf import document, escaped

_WORDS = (
    *("Sabarmati", "Narmada", "Godavari", "Kaveri", "Vindhya", "Malabar", "Nilgiri"),
    *("Deccan", "Konkan", "Ganga", "Textiles", "Foods", "Power"),
)
_NUMBERS = ("{}. ", "{}.(a) *", "({}) ", "{}. * ", "*")
_BLANK = 0.12  # the share of fields that nobody filled in
_LABEL_X, _VALUE_X, _LINE, _GAP, _TOP, _BOTTOM = 40, 320, 12, 7, 60, 790
_LABEL_WIDTH, _VALUE_WIDTH = 46, 40


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of a sheet. ``value`` is empty for a field that is blank, and for the heading of the fields below it."""

    name: str
    caption: str
    value: str
    truth: object


@dataclass(frozen=True, kw_only=True)
class Sheet:
    form: str
    items: list[Item]

    @property
    def truth(self) -> dict[str, object]:
        return {item.name: item.truth for item in self.items if item.name}


def sheet(form: str, cin: str, chance: random.Random) -> Sheet:
    items: list[Item] = []
    for name, spec in BY_FORM[form].specs().items():
        if not spec.labels:
            continue
        outer, _, label = chance.choice(spec.labels).removesuffix("$").rpartition(" > ")
        if outer:
            items.append(Item(name="", caption=_numbered(outer, chance, len(items)), value="", truth=None))
        value, truth = ("", None) if not spec.anywhere and chance.random() < _BLANK else _value(spec, cin, chance)
        items.append(Item(name=name, caption=_numbered(label, chance, len(items)), value=value, truth=truth))
    return Sheet(form=form, items=items)


def _numbered(label: str, chance: random.Random, at: int) -> str:
    return chance.choice(_NUMBERS).format(at + 1) + label


def _value(spec: Spec, cin: str, chance: random.Random) -> tuple[str, object]:
    """The value as printed, and as read."""
    number = chance.randint(1, 99_999_999)
    match spec.kind:
        case Kind.DATE:
            day = date(2012, 4, 1) + timedelta(days=chance.randint(0, 4500))
            return chance.choice((day.strftime("%d/%m/%Y"), day.isoformat())), day
        case Kind.AMOUNT:
            return chance.choice((f"{number}.00", _indian(number))), number
        case Kind.NUMBER:
            return str(number), number
        case Kind.PERCENT:
            return f"{number % 100}.25", f"{number % 100}.25"
        case Kind.TEXT:
            text = " ".join(chance.choices(_WORDS, k=chance.randint(2, 6)))
            return text, text
    identifier = _identifier(spec.kind, cin, number)
    return identifier, identifier


def _identifier(kind: Identifier, cin: str, number: int) -> str:
    return {
        Identifier.CIN: cin,
        Identifier.DIN: f"{number:08d}",
        Identifier.SRN: f"AB{number % 10**7:07d}",
        Identifier.PAN: f"AAACV{number % 10**4:04d}K",
        Identifier.FRN: f"{number % 10**6:06d}W",
        Identifier.PIN_CODE: str(110_001 + number % 600_000),
    }[kind]


def _indian(number: int) -> str:
    """Digits in groups: 1,23,45,678."""
    text = str(number)
    head, tail = text[:-3], text[-3:]
    groups = [head[max(0, at - 2) : at] for at in range(len(head), 0, -2)][::-1]
    return ",".join([*groups, tail]) if groups else tail


def _placed(sheet: Sheet) -> list[list[tuple[float, float, str]]]:
    """Pages of texts with their position from the upper left corner, in points."""
    pages: list[list[tuple[float, float, str]]] = [[(_LABEL_X, 36, f"FORM NO. {sheet.form}")]]
    y = _TOP
    for item in sheet.items:
        labels = textwrap.wrap(item.caption, _LABEL_WIDTH) or [""]
        values = textwrap.wrap(item.value, _VALUE_WIDTH)
        height = _LINE * max(len(labels), len(values)) + _GAP
        if y + height > _BOTTOM:
            pages.append([])
            y = _TOP
        for x, lines in ((_LABEL_X, labels), (_VALUE_X, values)):
            pages[-1] += [(x, y + _LINE * at, line) for at, line in enumerate(lines)]
        y += height
    return pages


def printed_pdf(sheet: Sheet) -> bytes:
    """All labels of a page are drawn before all values."""
    pages = []
    for texts in _placed(sheet):
        drawn = [f"BT /F1 9 Tf {x} {842 - y:.1f} Td ({escaped(text)}) Tj ET" for x, y, text in sorted(texts)]
        pages.append("\n".join(drawn).encode("cp1252"))
    return document(pages, title=sheet.form)


def scanned_sheet(sheet: Sheet, dpi: int, chance: random.Random) -> bytes:
    """As a PDF of images, rotated by up to 2°, with noise."""
    return pictures_pdf(scans_of(sheet, dpi, chance), dpi)


def pictures_pdf(images: Sequence[Image.Image], dpi: int) -> bytes:
    stream = io.BytesIO()
    images[0].save(stream, "PDF", resolution=dpi, save_all=True, append_images=images[1:])
    return stream.getvalue()


def scans_of(sheet: Sheet, dpi: int, chance: random.Random) -> list[Image.Image]:
    font = ImageFont.load_default(9.5 * dpi / 72)
    return [_degraded(texts, font, dpi, chance) for texts in _placed(sheet)]


def _degraded(
    texts: list[tuple[float, float, str]],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    dpi: int,
    chance: random.Random,
) -> Image.Image:
    size = (int(8.27 * dpi), int(11.69 * dpi))
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    for x, y, text in texts:
        draw.text((x * dpi / 72, y * dpi / 72), text, fill=30, font=font)
    image = image.rotate(chance.uniform(-2, 2), fillcolor=255, resample=Image.Resampling.BICUBIC)
    noise = Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
    return Image.blend(image, noise, 0.08)
