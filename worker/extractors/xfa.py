"""XFA forms: the filing is the data in the ``datasets`` packet; the pages show "Please wait…" or repeat the data.

Only ``xfa:data`` counts; its empty copy in ``dataDescription`` describes the structure. The template provides
captions and the texts of choices.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from worker.extractors.output import Refused
from worker.extractors.safe_xml import parse, plain
from worker.extractors.xfa_template import Described, described

_PLACEHOLDER = re.compile(
    r"please wait|if this message is not eventually replaced|pdf viewer may not be able to display", re.IGNORECASE
)
_ROW = re.compile(r"\[\d+\]")
_DEEPEST = 50


def is_placeholder(text: str) -> bool:
    """Whether the page's text is the placeholder that is shown by viewers without XFA support."""
    return len(text) < 2000 and _PLACEHOLDER.search(text) is not None


def fields(datasets: bytes, template: bytes | None) -> list[dict[str, Any]]:
    """All leaf elements with a value, in the order of the data. Raises Refused."""
    data = next((child for child in parse(datasets) if plain(child.tag) == "data"), None)
    record = next(iter(data), None) if data is not None else None
    if record is None:
        return []
    known = _template(template)
    return [_field(path, value, known) for path, value in _leaves(record, "", 0)]


def _template(template: bytes | None) -> Mapping[str, Described]:
    if not template:
        return {}
    try:
        return described(parse(template))
    except Refused:  # values are readable without captions
        return {}


def _leaves(element: Element, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        raise Refused(f"The form's data is nested more than {_DEEPEST} levels deep.")
    children = list(element)
    if not children or plain(children[0].tag) in ("html", "body", "p"):
        value = "".join(element.itertext()).strip()
        if value:
            yield path, value
        return
    counts = Counter(plain(child.tag) for child in children)
    seen: Counter[str] = Counter()
    for child in children:
        tag = plain(child.tag)
        seen[tag] += 1
        repeats = tag == "DATA" or counts[tag] > 1
        name = f"{tag}[{seen[tag]}]" if repeats else tag
        yield from _leaves(child, f"{path}/{name}" if path else name, depth + 1)


def _field(path: str, value: str, known: Mapping[str, Described]) -> dict[str, Any]:
    key = _ROW.sub("", path)
    about = known.get(key) or Described(name=key.rpartition("/")[2], hidden=bool(known))
    return {
        "path": path,
        "name": about.name,
        "caption": about.caption,
        "kind": about.kind,
        "method": "xfa",
        "value": value,
        "shown": about.choices.get(value, value),
        "hidden": about.hidden,
    }


def text_of(found: Sequence[Mapping[str, Any]]) -> str:
    """The form's text: one line per visible value, with its caption; table rows are numbered."""
    lines = []
    heading = ""
    for field in found:
        if field["hidden"]:
            continue
        row = _ROW.search(field["path"])
        table = field["path"][: row.end()] if row else ""
        if table != heading and table:
            lines.append(f"-- {table.rpartition('/')[0] or table} {row.group()[1:-1] if row else ''}".rstrip())
        heading = table
        lines.append(f"{field['caption'] or field['name']}: {field['shown']}")
    return "\n".join(lines)
