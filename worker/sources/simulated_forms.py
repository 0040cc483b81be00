"""Forms like the Ministry's, together with their true content, and the data packets of its second version (XFA).

The files in ``structures/`` describe the fields of four real forms, from their XFA templates: key in the data,
field, caption, kind and choices. ``simulated_print`` draws forms on pages.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from worker.sources.simulated_pages import Table
from worker.sources.simulated_pdf import document, stream_object

_STRUCTURES = Path(__file__).parent / "structures"
FORMS = ("ADT-1", "AOC-4", "CHG-1", "DIR-12")
PLACEHOLDER = "Please wait... If this message is not eventually replaced by the proper contents of the document"
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One field: its key in the data, its stored value, and its displayed value. ``options`` of radio buttons."""

    key: str
    name: str
    caption: str
    kind: str
    value: str
    shown: str
    options: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Form:
    """A filing and its true content. ``attachments`` are files inside it, by name."""

    form: str
    entries: Sequence[Entry]
    tables: Sequence[Table] = ()
    attachments: Mapping[str, bytes] = field(default_factory=dict)


@cache
def structure(form: str) -> list[tuple[str, str, str, str, dict[str, str]]]:
    return [tuple(row) for row in json.loads((_STRUCTURES / f"{form}.json").read_text(encoding="utf-8"))]


def invented(
    form: str, cin: str, company_name: str, seed: object, attachments: Mapping[str, bytes] | None = None
) -> Form:
    """A form with every field filled in."""
    chance = random.Random(f"{form}/{cin}/{seed}")  # noqa: S311  repeatable, not secret
    entries = []
    for key, name, caption, kind, choices in structure(form):
        value = _value(chance, key, kind, choices, cin, company_name)
        shown = choices.get(value, value)
        entries.append(Entry(key=key, name=name, caption=caption, kind=kind, value=value, shown=shown))
    return Form(form=form, entries=entries, attachments=attachments or {})


def _value(chance: random.Random, key: str, kind: str, choices: Mapping[str, str], cin: str, company: str) -> str:
    if choices:
        return chance.choice(sorted(choices))
    leaf = key.rpartition("/")[2]
    if leaf in ("CIN", "CIN_OR_FCRN", "SRN_2_1_OR_CIN"):
        return cin
    if "COMPANYNAME" in leaf:
        return company
    if kind == "dateTimeEdit" or leaf.startswith("DATE_"):
        return (date(2015, 4, 1) + timedelta(days=chance.randint(0, 3600))).isoformat()
    return _identifier(chance, leaf) or _plain(chance, kind)


def _identifier(chance: random.Random, leaf: str) -> str | None:
    if "PIN_CODE" in leaf:
        return str(chance.randint(110001, 799999))
    if "PAN" in leaf.split("_"):
        return f"AAACV{chance.randint(1000, 9999)}K"
    if leaf.startswith("DIN"):
        return f"{chance.randint(1, 9_999_999):08d}"
    return f"office{chance.randint(1, 999)}@example.com" if "EMAIL" in leaf else None


def _plain(chance: random.Random, kind: str) -> str:
    if kind == "numericEdit":
        return str(chance.randint(1, 99_999_999))
    return f"{chance.choice(('Sabarmati', 'Narmada', 'Godavari', 'Kaveri'))} {chance.randint(10, 9999)}"


def xfa_pdf(form: Form) -> bytes:
    """Like the Ministry's second version: the data is in XFA packets, and the only page shows "Please wait…"."""
    packets = [_template(form.form), _datasets(form).encode()]
    content = f"BT\n/F1 10 Tf\n56 780 Td\n({PLACEHOLDER}) Tj\nET\n".encode("ascii")
    return document(
        [content],
        title=form.form,
        extra=[stream_object(packet) for packet in packets],
        catalog=lambda first: f"/AcroForm << /Fields [] /XFA [(template) {first} 0 R (datasets) {first + 1} 0 R] >>",
        attachments=form.attachments,
    )


def label_of(entry: Entry) -> str:
    """The caption or, for forms that draw captions separately, the field's name as words."""
    return entry.caption or _WORDS.sub(" ", entry.name.replace("_", " "))


@cache
def _template(form: str) -> bytes:
    fields = "".join(_template_field(*row) for row in structure(form))
    namespace = "http://www.xfa.org/schema/xfa-template/2.8/"
    return f'<template xmlns="{namespace}"><subform name="data">{fields}</subform></template>'.encode()


def _template_field(key: str, name: str, caption: str, kind: str, choices: Mapping[str, str]) -> str:
    bind = f'<bind match="dataRef" ref="$record.{escape(key.replace("/", ".").replace(".DATA.", ".DATA[*]."))}"/>'
    said = f"<caption><value><text>{escape(caption)}</text></value></caption>" if caption else ""
    if kind == "exclGroup":
        members = "".join(
            f"<field name='x'><caption><value><text>{escape(text)}</text></value></caption>"
            f"<items><text>{escape(code)}</text></items></field>"
            for code, text in choices.items()
        )
        return f"<exclGroup name='{name}'>{bind}{said}{members}</exclGroup>"
    items = ""
    if choices:
        texts = "".join(f"<text>{escape(text)}</text>" for text in choices.values())
        codes = "".join(f"<text>{escape(code)}</text>" for code in choices)
        items = f"<items>{texts}</items><items save='1'>{codes}</items>"
    return f"<field name='{name}'><ui><{kind}/></ui>{bind}{said}{items}</field>"


def _datasets(form: Form) -> str:
    tree: dict[str, Any] = {}
    for entry in form.entries:
        *parents, leaf = entry.key.split("/")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = entry.value
    data = f"<data>{_xml(tree)}</data>"
    return (
        f'<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data>{data}</xfa:data></xfa:datasets>'
    )


def _xml(tree: Mapping[str, Any]) -> str:
    parts = ((tag, _xml(part) if isinstance(part, dict) else _text(part)) for tag, part in tree.items())
    return "".join(f"<{tag}>{part}</{tag}>" for tag, part in parts)


def _text(value: str) -> str:
    return escape(_NOT_IN_XML.sub(" ", value))
