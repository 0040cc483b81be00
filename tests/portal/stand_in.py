"""``python -m tests.portal.stand_in PORT``: a filings portal whose faults tests decide.

``POST /_set`` changes the state below, ``GET /_log`` returns all requests since the last reset.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from hashlib import md5
from html import escape
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from worker.sources.simulated_pdf import text_pdf

USER, PASSWORD = "filings@example.com", "correct horse"
EMPTY_CIN = "U00000KA2000PTC000000"


@dataclass
class State:
    """What the portal offers, and how it misbehaves."""

    #: CIN → number of filings. Every other company is unknown.
    companies: dict[str, int] = field(default_factory=dict)
    #: Filings that were added at the top of the list later.
    added: dict[str, int] = field(default_factory=dict)
    page_size: int = 10
    #: {"path": regex, "kind": …, "times": how often (missing: always), "seconds"/"bytes"/"status"/"headers"/"to": …}
    faults: list[dict[str, Any]] = field(default_factory=list)
    #: Bytes that are appended to each file.
    padding: int = 0
    login: bool = True
    #: The link to the next page leads back.
    circular: bool = False
    etags: bool = True
    ranges: bool = True
    #: Changes the content of all files.
    edition: int = 1


class Portal(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.lock = threading.Lock()
        self.reset({})

    def reset(self, changes: dict[str, Any]) -> None:
        self.state = State(**changes)
        self.sessions: set[str] = set()
        self.log: list[dict[str, Any]] = []
        self.active = 0

    def fault(self, path: str) -> dict[str, Any]:
        """The first fault for this path; one with ``times`` is used up."""
        with self.lock:
            for fault in self.state.faults:
                if fault.get("times", 1) > 0 and re.search(fault["path"], path):
                    if "times" in fault:
                        fault["times"] -= 1
                    return fault
        return {"kind": ""}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Portal

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/_set":
            changes = json.loads(body)
            if changes.pop("reset", False):
                self.server.reset(changes)
            for name, value in changes.items():
                setattr(self.server.state, name, value)
            if changes.get("expire"):
                self.server.sessions.clear()
            self._send(200, b"ok", "text/plain")
        else:
            self._logged({name: values[0] for name, values in parse_qs(body.decode()).items()})

    def do_GET(self) -> None:
        if self.path == "/_log":
            log = {"requests": self.server.log, "state": asdict(self.server.state)}
            self._send(200, json.dumps(log).encode(), "application/json")
        else:
            self._logged({})

    def _logged(self, form: dict[str, str]) -> None:
        with self.server.lock:
            self.server.active += 1
            entry = {"path": self.path, "at": time.time(), "active": self.server.active, **self._asked()}
            self.server.log.append(entry)
        try:
            self._answer(form, entry)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with self.server.lock:
                self.server.active -= 1

    def _asked(self) -> dict[str, str | None]:
        names = ("Range", "If-Range", "If-None-Match", "User-Agent")
        return {name: self.headers.get(name) for name in names}

    def _answer(self, form: dict[str, str], entry: dict[str, Any]) -> None:
        fault = self.server.fault(self.path)
        time.sleep(fault.get("seconds", 0))
        match fault["kind"]:
            case "status":
                self._page(fault["status"], "Fault", "<p>Something is wrong.</p>", fault.get("headers"))
            case "close":
                self.close_connection = True
            case "html":
                self._page(200, "Please try again later", "<p>Busy.</p>")
            case "json":
                self._send(200, b'{"error": "no file"}', "application/json")
            case "redirect":
                self._send(302, b"", "text/html", {"Location": fault["to"]})
            case "changed":
                self._page(200, "Our new site", "<main><div class='grid'>New!</div></main>")
            case _:
                if fault["kind"] == "expire":
                    self.server.sessions.clear()
                self._route(form, fault)
                if fault["kind"] == "grow":
                    cin = self.path.split("/")[2]
                    self.server.state.added[cin] = self.server.state.added.get(cin, 0) + 1
        entry["seconds"] = time.time() - entry["at"]

    def _route(self, form: dict[str, str], fault: dict[str, Any]) -> None:
        url = urlsplit(self.path)
        if url.path == "/login":
            self._login(form)
        elif self.server.state.login and self._session() not in self.server.sessions:
            self._send(302, b"", "text/html", {"Location": "/login"})
        elif url.path == "/":
            self._page(200, "Welcome", "")
        elif match := re.fullmatch(r"/companies/(\w+)/filings", url.path):
            self._list(match[1], int(parse_qs(url.query).get("page", ["1"])[0]))
        elif match := re.fullmatch(r"/files/(\w+)/(\d+)", url.path):
            self._file(match[1], int(match[2]), fault)
        else:
            self._page(404, "Not found", "")

    def _session(self) -> str:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("SESSION")
        return cookie.value if cookie else ""

    def _login(self, form: dict[str, str]) -> None:
        if (form.get("user"), form.get("password"), form.get("token")) == (USER, PASSWORD, "t0ken"):
            session = uuid4().hex
            self.server.sessions.add(session)
            self._send(302, b"", "text/html", {"Location": "/", "Set-Cookie": f"SESSION={session}; Path=/; HttpOnly"})
        else:
            fields = '<input type="hidden" name="token" value="t0ken"><input name="user"><input name="password">'
            body = f'<form id="login" method="post" action="/login">{fields}</form>'
            self._send(200, f"<!doctype html><title>Login</title>{body}".encode(), "text/html; charset=utf-8")

    def _list(self, cin: str, page: int) -> None:
        if cin not in self.server.state.companies:
            self._page(404, "Unknown company", "")
            return
        first, last = 1 - self.server.state.added.get(cin, 0), self.server.state.companies[cin]
        numbers = list(range(first, last + 1))
        size = self.server.state.page_size
        shown = numbers[(page - 1) * size : page * size]
        rows = "".join(self._row(cin, number) for number in shown)
        body = f'<table id="filings"><tbody>{rows}</tbody></table>' if shown else '<p class="no-filings">None.</p>'
        if page * size < len(numbers):
            following = 1 if self.server.state.circular else page + 1
            body += f'<nav class="pages"><a rel="next" href="?page={following}">Next</a></nav>'
        self._page(200, f"Filings of {cin}", body, etag=self.server.state.etags)

    def _row(self, cin: str, number: int) -> str:
        form, day = ("AOC-4", "DIR-12", "Form MGT-7")[number % 3], f"{1 + number % 28:02d}/0{1 + number % 9}/2024"
        cells = {"form": form, "srn": srn(number), "filed": day, "file": file_name(number)}
        columns = "".join(f'<td class="{name}"> {escape(text)}\n</td>' for name, text in cells.items())
        return f'<tr>{columns}<td><a class="download" href="/files/{cin}/{1000 + number}">PDF</a></td></tr>'

    def _file(self, cin: str, number: int, fault: dict[str, Any]) -> None:
        data = content(cin, number - 1000, self.server.state.padding, self.server.state.edition)
        etag = f'"{md5(data).hexdigest()}"' if self.server.state.etags else None
        start = self._start(etag)
        headers = {"ETag": etag} if etag else {}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._send(206 if start else 200, data[start:], "application/pdf", headers, fault)

    def _start(self, etag: str | None) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") in (None, etag)
        return int(asked[1]) if asked and same and self.server.state.ranges else 0

    def _page(
        self, status: int, title: str, body: str, headers: dict[str, str] | None = None, *, etag: bool = False
    ) -> None:
        text = f'<!doctype html><title>{title}</title><nav><a class="logout">Log out</a></nav>{body}'.encode()
        more = dict(headers or {})
        if etag:
            more["ETag"] = f'W/"{md5(text).hexdigest()}"'
            if self.headers.get("If-None-Match") == more["ETag"]:
                self._send(304, b"", "", more)
                return
        self._send(status, text, "text/html; charset=utf-8", more)

    def _send(
        self,
        status: int,
        data: bytes,
        kind: str,
        headers: dict[str, str] | None = None,
        fault: dict[str, Any] | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **(headers or {})}.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        kind_of_fault = (fault or {}).get("kind")
        if kind_of_fault == "truncate":
            self.wfile.write(data[: fault["bytes"]])
            self.close_connection = True
        elif kind_of_fault == "drip":
            for begin in range(0, len(data), fault["bytes"]):
                self.wfile.write(data[begin : begin + fault["bytes"]])
                time.sleep(fault["pause"])
        else:
            self.wfile.write(data)


def srn(number: int) -> str:
    return f"T{1000 + number:08d}"


def file_name(number: int) -> str:
    return f"filing_{1000 + number}.pdf"


def content(cin: str, number: int, padding: int = 0, edition: int = 1) -> bytes:
    """The file's bytes, the same at each request."""
    lines = [f"CIN: {cin}", f"SRN: {srn(number)}", f"Edition {edition}"]
    return text_pdf([lines], title=srn(number)) + b"%" * padding


if __name__ == "__main__":
    Portal(int(sys.argv[1])).serve_forever()
