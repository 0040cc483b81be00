"""A running Filesure and its users."""

from __future__ import annotations

import functools
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from tests.processes import wait_until
from tests.servers.machine import Machine

_ACCOUNTS = """
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
for name in ("asha", "binod", "viewer"):
    user = get_user_model().objects.create_user(name, password={password!r})
    user.groups.set(Group.objects.filter(name="Viewer" if name == "viewer" else "Admin"))
"""
_STYLE = """
from django.contrib.auth import get_user_model
from django.test import Client
client = Client(SERVER_NAME="127.0.0.1")
client.force_login(get_user_model().objects.filter(is_superuser=True).first())
print("page:", client.get("/style/").content.decode())
"""


class Site:
    """A machine with accounts: asha and binod have all permissions; viewer can only view."""

    def __init__(self, machine: Machine, log: Path) -> None:
        self.machine = machine
        self.password = ""
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self._cookies: dict[str, Any] = {}

    def start(self) -> None:
        with self._log.open("a") as output:
            self._process = self.machine.start(output)
        if not self.password:
            found = re.search(r"password (\S+) \(shown", self._log.read_text())
            assert found
            self.password = found[1]
            self.shell(_ACCOUNTS.format(password=self.password))

    def stop(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(40)
            finally:
                self._process.kill()

    def restart(self, **settings: str) -> None:
        """Restart with other settings; data and sessions are kept."""
        self.stop()
        self.machine.environment |= settings
        self.start()

    def url(self, path: str) -> str:
        return f"{self.machine.address}{path}"

    def log_in(self, context: BrowserContext, name: str) -> None:
        """Give a browser a user's session. The first time, log in on the page."""
        if name not in self._cookies:
            page = context.new_page()
            page.goto(self.url("/login/"))
            page.get_by_label("Name").fill(name)
            page.get_by_label("Password").fill(self.password)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url("**/jobs/")
            page.close()
            self._cookies[name] = context.cookies()
        context.add_cookies(self._cookies[name])

    def shell(self, code: str) -> None:
        done = self.machine.manage("shell", "-c", code)
        assert done.returncode == 0, done.stderr

    @functools.cached_property
    def page_of_styles(self) -> str:
        """/style/, from a process with DEBUG, because only then the page exists."""
        made = self.machine.manage("shell", "-c", _STYLE, DEBUG="true")
        assert made.returncode == 0, made.stderr
        return made.stdout.partition("page:")[2]

    def order_all(self, companies: dict[str, str]) -> None:
        """Order the filings of companies, given as CIN and name, with one command."""
        file = self.machine.data_dir / "orders.csv"
        file.write_text("cin,companyName\n" + "".join(f"{cin},{name}\n" for cin, name in companies.items()))
        done = self.machine.manage("create_jobs", "--csv", str(file))
        assert done.returncode == 0, done.stderr

    def order(self, cin: str, company: str, *more: str) -> str:
        """Order a company's filings. Returns the job's id."""
        done = self.machine.manage("create_jobs", "--cin", cin, "--company", company, *more)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()[0]

    def wait_until_idle(self) -> None:
        """Wait until no job is unfinished. Workers read each document, which takes seconds of a processor per job."""
        wait_until(lambda: not self.machine.jobs_in("pending", "processing"), 600, pause=0.2)


@contextmanager
def a_site(data_dir: Path, **settings: str) -> Iterator[Site]:
    """Run Filesure with these settings."""
    site = Site(Machine(data_dir / "data", **settings), data_dir / "output.txt")
    try:
        site.start()
        yield site
    finally:
        site.stop()


class Visitor:
    """A user's browser; ``problems`` collects its errors."""

    def __init__(self, site: Site, browser: Browser, name: str | None, **context: Any) -> None:
        self.site = site
        self.problems: list[str] = []
        self.requests: list[str] = []
        self._expected: set[int] = set()
        self.context = browser.new_context(base_url=site.machine.address, **context)
        self.context.set_default_timeout(20_000)
        if name:
            site.log_in(self.context, name)
        self.page = self.new_page()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("response", self._response)
        page.on("dialog", lambda dialog: (self.problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        return page

    def expects(self, *statuses: int) -> None:
        """Do not report responses with these statuses."""
        self._expected.update(statuses)

    def asked_for(self, path: str) -> int:
        """The number of requests for this path."""
        return sum(url.split("?")[0].endswith(path) for url in self.requests)

    def _console(self, message: ConsoleMessage) -> None:
        expected = any(str(status) in message.text for status in self._expected)
        about_page = message.text.startswith("[DOM]")  # advice on forms, for example
        if (message.type in ("error", "warning") or about_page) and not expected:
            self.problems.append(f"console: {message.text} ({message.page and message.page.url})")

    def _failed(self, request: Request) -> None:
        # Leaving a page aborts its pending live request.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"failed: {request.url} {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.problems.append(f"{response.status}: {response.url}")
