"""What is written from the table of settings: ``env.example`` to start from, ``docs/configuration.md`` to read."""

from __future__ import annotations

import sys
from dataclasses import Field
from pathlib import Path
from typing import Any

from filesure_site import environment as env
from filesure_site.configuration import BASE_DIR, settings_table

# Where each part of the table begins, by its first setting.
_PARTS = {
    "data_dir": "One machine",
    "debug": "The web site",
    "mongodb_uri": "MongoDB",
    "blob_store": "Blob storage",
    "source": "The source",
    "job_id": "The worker",
    "metrics_host": "Metrics",
    "log_format": "Logs",
    "otel_exporter_otlp_endpoint": "Traces",
}

_INTRODUCTION = """
All settings are environment variables, and none has to be set. A wrong value stops the process with a sentence that
names it and exit code 2 (gunicorn: 1). In place of any `NAME`, `NAME_FILE` can name a file that holds the value. Those
marked *secret* are masked in logs and traces. An empty value counts as unset.
""".strip().splitlines()


def example() -> str:
    """The text of ``env.example``: every setting with its meaning, default and an example."""
    lines = ["# Every setting of Filesure. All have a default: nothing here has to be set to try it.",
             "# A secret can come from a file: NAME_FILE=/run/secrets/name instead of NAME=….", ""]  # fmt: skip
    for name, setting in settings_table():
        lines += [f"# {setting.metadata['about']}", f"# {name}={setting.metadata['example']}", ""]
    return "\n".join(lines)


def reference() -> str:
    """The text of ``docs/configuration.md``: each setting with its values, default and meaning."""
    lines = ["# Configuration", "", "<!-- written by: make docs/configuration.md -->", "", *_INTRODUCTION]
    for name, setting in settings_table():
        if setting.name in _PARTS:
            lines += [
                "",
                f"## {_PARTS[setting.name]}",
                "",
                "| setting | values | default | meaning |",
                "|---|---|---|---|",
            ]
        secret = " *(secret)*" if setting.metadata["secret"] else ""
        lines.append(f"| `{name}`{secret} | {_values(setting)} | {_default(setting)} | {setting.metadata['about']} |")
    return "\n".join([*lines, ""])


def _values(setting: Field[Any]) -> str:
    """What is taken, in the words of the refusal of an empty value."""
    parse = setting.metadata["parse"]
    if parse in (env.text, env.path, env.words):
        return {env.text: "text", env.path: "a path", env.words: "words, separated by commas"}[parse]
    try:
        parse("")
    except ValueError as refusal:
        return str(refusal).removeprefix("must be ")
    raise AssertionError(f"{setting.name} takes an empty value")


def _default(setting: Field[Any]) -> str:
    default = setting.metadata["example"] if setting.default == BASE_DIR / "data" else setting.default
    if isinstance(default, bool):
        default = int(default)
    return "" if default is None else f"`{','.join(default) if isinstance(default, tuple) else default}`"


if __name__ == "__main__":
    sys.stdout.write({"env.example": example, "configuration.md": reference}[Path(sys.argv[1]).name]())
