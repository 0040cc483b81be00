"""For each alert, the runbook has queries, pages and commands that tell its causes apart, and they are valid."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from django.core.management import get_commands
from django.http import QueryDict
from django.urls import Resolver404, resolve

from jobs.web.forms import JobSearch
from tests.monitoring.committed import ALERTS, ROOT
from tests.monitoring.promql import named
from tests.monitoring.series import known
from tests.servers import Unavailable
from tests.servers.promtool import Promtool

TEXT = (ROOT / "docs/runbook.md").read_text()
NOBODY = "--server=http://127.0.0.1:1"  # kubectl reads the whole command before it connects


SERIES = set(known())


@cache
def _causes() -> dict[str, list[str]]:
    """The items of each alert's section *Causes*."""
    sections = re.findall(r"^### (\w+)$.*?^\*\*Causes\.\*\*\n\n(.*?)\n\n\*\*Action\.", TEXT, re.MULTILINE | re.DOTALL)
    return {name: re.split(r"^- ", causes, flags=re.MULTILINE)[1:] for name, causes in sections}


def _codes(item: str) -> list[str]:
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", item)]


def _kind(code: str) -> str:
    if code.startswith(("kubectl ", "manage.py ", "make ")):
        return code.split(maxsplit=1)[0]
    if code.startswith("/"):
        return "page" if _is_page(code) else "text"
    return "query" if set(dict(named(code).series)) & SERIES else "text"


def _is_page(code: str) -> bool:
    try:
        return bool(resolve(urlsplit(code).path))
    except Resolver404:
        return False


def _all(kind: str) -> list[str]:
    found = {code for items in _causes().values() for item in items for code in _codes(item)}
    return sorted(code for code in found if _kind(code) == kind)


@pytest.mark.parametrize("alert", ALERTS)
def test_three_checks_tell_causes_apart(alert: str) -> None:
    items = _causes()[alert]
    assert len(items) >= 3
    for item in items:
        assert re.match(r"[^`]+\?", item), f"no question: {item}"
        assert {_kind(code) for code in _codes(item)} - {"text"} or "portal in a browser" in item, item


def test_runbook_queries_use_existing_series(promtool: Promtool, tmp_path: Path) -> None:
    queries = _all("query")
    assert len(queries) > 30
    for query in queries:
        assert {name for name, _ in named(query).series} <= SERIES, query
    rules = [{"record": f"cause:{number}", "expr": query} for number, query in enumerate(queries)]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "causes", "rules": rules}]}))
    assert not promtool.complaint("check", "rules", path)


def _commands() -> Iterator[list[str]]:
    """The words of each whole command; "`kubectl describe` one of them" is none."""
    for code in sorted({" ".join(code.split()) for code in re.findall(r"`kubectl ([^`|]+)[`|]", TEXT)}):
        if len(words := shlex.split(code)) > 1 and words[0] != "config":  # which would change the reader's settings
            yield words


@pytest.mark.parametrize("command", list(_commands()), ids=" ".join)
def test_kubectl_accepts_the_command(command: list[str]) -> None:
    if not shutil.which("kubectl"):
        raise Unavailable("kubectl is missing: https://kubernetes.io/docs/tasks/tools/")
    position = command.index("--") if "--" in command else len(command)
    words = [*command[:position], NOBODY, "--request-timeout=1s", *command[position:]]
    done = subprocess.run(["kubectl", *words], capture_output=True, text=True, check=False, timeout=60)
    assert "refused" in done.stderr


def test_runbook_names_existing_commands_and_pages() -> None:
    commands = {code.split()[1] for code in re.findall(r"`(manage\.py [^`]+)`", TEXT)}
    commands |= {each[each.index("manage.py") + 1] for each in _commands() if "manage.py" in each}
    assert commands <= set(get_commands())
    for page in _all("page"):
        filters = QueryDict(urlsplit(page).query)
        assert not JobSearch(filters).errors, page
