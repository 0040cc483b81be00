"""Example calls of the API, as its documentation shows them."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """A call to show. ``body`` is None if there is none; ``result`` is json, file or empty."""

    method: str
    address: str
    body: object
    result: str

    def curl(self) -> str:
        lines = [f"curl -X {self.method} {shlex.quote(self.address)}", '-H "Authorization: Bearer $FILESURE_TOKEN"']
        if self.body is not None:
            lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(json.dumps(self.body))}"]
        if self.result == "file":
            lines.append("--output download")
        return " \\\n  ".join(lines)

    def python(self) -> str:
        shown = {
            "json": ["print(answer.json())"],
            "file": ['with open("download", "wb") as file:', "    file.write(answer.content)"],
        }
        lines = [
            "import os",
            "",
            "import requests",
            "",
            f"answer = requests.{self.method.lower()}(",
            f"    {json.dumps(self.address)},",
            """    headers={"Authorization": f"Bearer {os.environ['FILESURE_TOKEN']}"},""",
            *([] if self.body is None else [f"    json={self.body!r},"]),
            "    timeout=30,",
            ")",
            "answer.raise_for_status()",
            *shown.get(self.result, []),
        ]
        return "\n".join(lines)
