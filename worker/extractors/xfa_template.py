"""An XFA template's fields (caption, kind, choices), keyed by the data element that each is bound to.

Source: XML Forms Architecture 3.3. A binding is ``$record.A.B``, relative to the record, or ``$.B`` or ``B``,
relative to the enclosing subform's binding; ``DATA[*]`` repeats. Keys here are ``A/B``, without row numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from worker.extractors.safe_xml import plain

_INDEX = re.compile(r"\[[^\]]*\]")
_SPACE = re.compile(r"\s+")
_CONTAINERS = ("subform", "subformSet", "area", "pageSet", "pageArea")
_KINDS = {
    "textEdit": "text",
    "numericEdit": "number",
    "dateTimeEdit": "date",
    "choiceList": "choice",
    "checkButton": "checkbox",
    "signature": "signature",
    "button": "button",
    "imageEdit": "image",
}


@dataclass(kw_only=True)
class Described:
    """A field in the template. ``choices`` maps stored codes to displayed texts."""

    name: str
    kind: str = "text"
    caption: str = ""
    hidden: bool = False
    choices: dict[str, str] = field(default_factory=dict)


def described(template: Element) -> dict[str, Described]:
    """Data key → field. If several fields share a key, the first visible one."""
    found: dict[str, Described] = {}
    _walk(template, "", found, hidden=False, root=True)
    return found


def _walk(element: Element, context: str, found: dict[str, Described], *, hidden: bool, root: bool = False) -> None:
    for child in element:
        tag = plain(child.tag)
        unseen = hidden or child.get("presence") in ("hidden", "invisible", "inactive")
        if tag in _CONTAINERS:
            # The outermost subform is bound to the record itself.
            inside = context if root else _bound(child, context, named=False)
            _walk(child, inside, found, hidden=unseen)
        elif tag in ("field", "exclGroup"):
            key = _bound(child, context, named=True)
            known = found.get(key)
            if key and (known is None or (known.hidden and not unseen)):
                found[key] = _describe(child, tag, hidden=unseen)


def _bound(element: Element, context: str, *, named: bool) -> str:
    bind = next((child for child in element if plain(child.tag) == "bind"), None)
    name = element.get("name", "")
    match, reference = (bind.get("match", ""), bind.get("ref", "")) if bind is not None else ("", "")
    if match in ("none", "global"):
        return "" if named else context
    if not reference:
        return _joined(context, name) if named and name else context
    reference = _INDEX.sub("", reference)
    for start in ("$record.", "xfa.datasets.data.", "!data."):
        if reference.startswith(start):
            return reference.removeprefix(start).replace(".", "/")
    return _joined(context, reference.removeprefix("$.").replace(".", "/"))


def _joined(context: str, name: str) -> str:
    return f"{context}/{name}" if context else name


def _describe(element: Element, tag: str, *, hidden: bool) -> Described:
    name = element.get("name", "")
    if tag == "field":
        kind = next((_KINDS[plain(ui.tag)] for ui in _path(element, "ui") if plain(ui.tag) in _KINDS), "text")
        return Described(name=name, kind=kind, caption=_caption(element), hidden=hidden, choices=_choices(element))
    group = Described(name=name, kind="radio", caption=_caption(element), hidden=hidden)
    for member in element:
        if plain(member.tag) == "field":
            for code in list(_choices(member)) or [member.get("name", "")]:
                group.choices.setdefault(code, _own_caption(member) or code)
    return group


def _choices(element: Element) -> dict[str, str]:
    lists = [child for child in element if plain(child.tag) == "items"]
    texts = [[_text(item) for item in items] for items in lists]
    stored = next((at for at, items in enumerate(lists) if items.get("save") == "1"), 0)
    if not texts:
        return {}
    if len(texts) == 1:
        return {text: text for text in texts[0] if text}
    seen = texts[1 - stored] if stored < 2 else texts[0]
    return {code: text for code, text in zip(texts[stored], seen, strict=False) if code}


def _caption(element: Element) -> str:
    return _own_caption(element) or _said(element, "toolTip") or _said(element, "speak")


def _own_caption(element: Element) -> str:
    return next((text for value in _path(element, "caption", "value") if (text := _text(value))), "")


def _said(element: Element, tag: str) -> str:
    return next((_text(child) for child in _path(element, "assist") if plain(child.tag) == tag), "")


def _path(element: Element, *tags: str) -> list[Element]:
    found = [element]
    for tag in tags:
        found = [child for parent in found for child in parent if plain(child.tag) == tag]
    return [child for parent in found for child in parent]


def _text(element: Element) -> str:
    return _SPACE.sub(" ", "".join(element.itertext())).strip()
