"""Reads the structure of Bicep files: the registries in reach offer no compiler."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Bicep:
    """A file's declarations. ``params`` has True for those with a default."""

    text: str
    params: dict[str, bool]
    symbols: set[str]
    outputs: dict[str, str]
    types: set[tuple[str, str]]
    modules: dict[str, str]


def read(path: Path) -> Bicep:
    text = re.sub(r"^\s*//.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return Bicep(
        text=text,
        params={name: bool(rest) for name, rest in re.findall(r"^param (\w+) \w+( = .+)?$", text, re.MULTILINE)},
        symbols=set(re.findall(r"^\s*(?:resource|module|var) (\w+) ", text, re.MULTILINE)),
        outputs=dict(re.findall(r"^output (\w+) \w+ = (.+)$", text, re.MULTILINE)),
        types=set(re.findall(r"'(Microsoft\.[\w./]+)@([\w-]+)'", text)),
        modules=dict(re.findall(r"^module (\w+) '([\w./]+)'", text, re.MULTILINE)),
    )


def given(text: str, module: str) -> set[str]:
    """The parameters that a module gets."""
    start = re.search(rf"^module {module} ", text, re.MULTILINE)
    assert start, module
    block = text[start.start() :].split("\n}\n", 1)[0]
    inside = block.split("params: {", 1)[1]
    return set(re.findall(r"(\w+):", inside.rsplit("}", 1)[0] if inside.count("}") else inside))


def balanced(text: str) -> bool:
    """Whether brackets outside strings match."""
    stack = []
    for each in re.sub(r"'(?:\\.|[^'\\])*'", "", text):
        if each in "([{":
            stack.append({"(": ")", "[": "]", "{": "}"}[each])
        elif each in ")]}" and (not stack or stack.pop() != each):
            return False
    return not stack


def problems(folder: Path) -> list[str]:
    """What a compiler would refuse, or a reviewer."""
    files = {path.relative_to(folder).as_posix(): read(path) for path in folder.rglob("*.bicep")}
    main = files["main.bicep"]
    found = [f"{name} is used by no module" for name in files.keys() - {"main.bicep"} - set(main.modules.values())]
    for module, path in main.modules.items():
        if path not in files:
            found.append(f"{path} does not exist")
            continue
        wanted, passed = files[path].params, given(main.text, module)
        found += [f"{module} has no parameter {each}" for each in passed - wanted.keys()]
        found += [f"{module} needs {each}" for each in wanted if not wanted[each] and each not in passed]
        used = set(re.findall(rf"\b{module}!?\.outputs\.(\w+)", main.text))
        found += [f"{module} has no output {each}" for each in used - files[path].outputs.keys()]
    for name, file in files.items():
        found += [f"{name}: brackets"] if not balanced(file.text) else []
        for each in file.params.keys() | file.symbols:
            if len(re.findall(rf"\b{each}\b", file.text)) < 2 and not _stands_alone(each, file):
                found.append(f"{name}: {each} is unused")
        found += [f"{name}: {out} is a secret" for out, value in file.outputs.items() if _secret(out + value)]
    for path in folder.glob("*.bicepparam"):
        set_ = set(re.findall(r"^param (\w+) = ", path.read_text(encoding="utf-8"), re.MULTILINE))
        found += [f"{path.name}: there is no parameter {each}" for each in set_ - main.params.keys()]
        found += [
            f"{path.name} lacks {each}" for each, default in main.params.items() if not default and each not in set_
        ]
    return found


def _stands_alone(symbol: str, file: Bicep) -> bool:
    """Resources and modules work without anybody referring to them; parameters and variables do not."""
    return bool(re.search(rf"^\s*(?:resource|module) {symbol} ", file.text, re.MULTILINE))


def _secret(text: str) -> bool:
    return bool(re.search(r"password|secret(?!s\b)|listKeys|connectionString", text, re.IGNORECASE))
