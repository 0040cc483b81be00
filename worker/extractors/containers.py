"""Files that contain other files or rows: zips (also the portal's packages of documents), workbooks, XML."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree.ElementTree import Element

from worker.extractors.budget import Budget
from worker.extractors.output import Output, Refused
from worker.extractors.safe_xml import parse, plain

_MOST_ROWS = 20_000
_MOST_LEAVES = 50_000
_XBRL = "http://www.xbrl.org/2003/instance"
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, NotImplementedError, OSError, ValueError),
)
_WORKBOOK_DAMAGE = (*_DAMAGE, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, SyntaxError)


def read_zip(data: bytes, budget: Budget, output: Output, inner: Callable[[str, bytes], None]) -> None:
    """Read each file inside, in memory: nothing is written to disk, so a path like ``../x`` is harmless."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise Refused("The zip is damaged or was cut short.") from error
    for member in archive.infolist():
        if member.is_dir():
            continue
        if member.flag_bits & 1:
            output.partial(f"{member.filename} in the zip needs a password.")
            continue
        budget.member(member.file_size, member.compress_size)
        try:
            with archive.open(member) as file:
                content = file.read(member.file_size + 1)
        except _DAMAGE:
            output.partial(f"{member.filename} in the zip is damaged.")
            continue
        inner(member.filename, content)


def read_workbook(data: bytes, output: Output) -> int:
    """Write one page per sheet, with cells separated by tabs. Macros never run. Returns the number of sheets."""
    from openpyxl import load_workbook

    _check_parts(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_vba=False, keep_links=False)
        for number, sheet in enumerate(book.worksheets, start=1):
            lines = [f"[{sheet.title}]", *_lines(sheet.iter_rows(values_only=True, max_row=_MOST_ROWS))]
            output.page(number, "sheet", "\n".join(lines))
        return len(book.worksheets)
    except _WORKBOOK_DAMAGE as error:
        raise Refused("The workbook is damaged.") from error


def _check_parts(data: bytes) -> None:
    """A workbook is a zip, so the same limits apply; its XML must not define entities."""
    budget = Budget(most_members=5000)

    def part(name: str, content: bytes) -> None:
        if name.endswith((".xml", ".rels")) and b"<!DOCTYPE" in content.replace(b"\0", b""):
            parse(content)

    read_zip(data, budget, Output(stream=io.BytesIO(), room=0), part)


def _lines(values: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    for row in values:
        line = "\t".join("" if value is None else str(value) for value in row).rstrip()
        if line:
            yield line


def read_xml(data: bytes, output: Output) -> None:
    """Write each leaf element as a field; for an XBRL instance, each fact with its context and unit."""
    root = parse(data)
    method = "xbrl" if _XBRL in root.tag else "xfa" if plain(root.tag) in ("xdp", "datasets") else "text"
    fields = list(_facts(root)) if method == "xbrl" else list(_leaves(root, plain(root.tag), method))
    output.fields(fields[:_MOST_LEAVES])
    if len(fields) > _MOST_LEAVES:
        output.partial(f"Only the first {_MOST_LEAVES:,} values were read.")
    output.page(1, method, "\n".join(f"{field['caption']}: {field['value']}" for field in fields[:_MOST_LEAVES]))


def _facts(root: Element) -> Iterator[dict[str, Any]]:
    contexts = {context.get("id", ""): _context(context) for context in root if plain(context.tag) == "context"}
    for fact in root.iter():
        reference = fact.get("contextRef")
        if reference is None or not (fact.text or "").strip():
            continue
        name, unit = plain(fact.tag), fact.get("unitRef", "")
        path = f"{name}[{contexts.get(reference, reference)}]" + (f"[{unit}]" if unit else "")
        yield _value(path, name, (fact.text or "").strip(), "xbrl")


def _context(context: Element) -> str:
    """The context's period, and its dimensions if there are any."""
    parts = {plain(child.tag): (child.text or "").strip() for child in context.iter()}
    period = parts.get("instant") or f"{parts.get('startDate', '')}/{parts.get('endDate', '')}"
    members = [(child.text or "").strip() for child in context.iter() if plain(child.tag) == "explicitMember"]
    return " ".join([period, *members])


def _leaves(element: Element, path: str, method: str) -> Iterator[dict[str, Any]]:
    stack = [(element, path)]
    while stack:
        node, at = stack.pop()
        children = list(node)
        if not children and (node.text or "").strip():
            yield _value(at, plain(node.tag), (node.text or "").strip(), method)
        stack += [(child, f"{at}/{plain(child.tag)}") for child in reversed(children)]


def _value(path: str, name: str, value: str, method: str) -> dict[str, Any]:
    return {
        "path": path,
        "name": name,
        "caption": name,
        "kind": "text",
        "method": method,
        "value": value,
        "shown": value,
    }
