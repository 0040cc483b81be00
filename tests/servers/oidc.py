"""A certified OpenID Connect provider (oidc-provider), on a free port, and a browser's way through it."""

from __future__ import annotations

import html
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from playwright.sync_api import Page

from tests.servers import free_port, from_npm, stop, wait_for

CLIENT_SECRET = "a-secret-of-the-tests"


@dataclass
class Provider:
    """A running provider; ``accounts`` is the file with everybody's claims."""

    issuer: str
    accounts: Path

    def settings(self, **more: str) -> dict[str, str]:
        """Filesure's settings for this provider."""
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": "filesure",
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_NAME": "Contoso",
            "OIDC_ROLES": "fs-admins=Admin,fs-staff=Operator,fs-readers=Viewer",
        } | more

    def knows(self, subject: str, **claims: Any) -> None:
        """Add a user, or replace the claims."""
        known = json.loads(self.accounts.read_text())
        self.accounts.write_text(json.dumps(known | {subject: claims}))

    def log_in_with(self, page: Page, subject: str) -> None:
        """Log in at the provider in this browser, which it then sends back."""
        page.locator("input[name=login]").fill(subject)
        page.locator("input[name=password]").fill("any")
        page.locator("button[type=submit]").click()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url(lambda address: not address.startswith(self.issuer))

    def log_in(self, address: str, subject: str, *, cancel: bool = False) -> str:
        """Log in at the provider as a browser would. Returns the address that it sends the browser back to."""
        with httpx.Client(timeout=30) as browser:
            answer = browser.get(address)
            for _ in range(12):
                if answer.is_redirect:
                    address = urljoin(str(answer.url), answer.headers["Location"])
                    if not address.startswith(self.issuer):
                        return address
                    answer = browser.get(address)
                elif cancel:
                    answer = browser.get(urljoin(str(answer.url), _attribute("href", "abort", answer.text)))
                else:
                    action = urljoin(str(answer.url), _attribute("action", "", answer.text))
                    prompt = _attribute("value", "", re.search(r"<input[^>]*name=\"prompt\"[^>]*>", answer.text)[0])
                    answer = browser.post(action, data={"prompt": prompt, "login": subject, "password": "any"})
        raise AssertionError(f"the provider did not send the browser back: {answer.status_code} {answer.text[:500]}")


def _attribute(name: str, part: str, page: str) -> str:
    found = re.search(rf'{name}="([^"]*{part}[^"]*)"', page)
    assert found, page
    return html.unescape(found[1])


@contextmanager
def oidc_provider(folder: Path, callback: str, *, groups_in: str = "token") -> Iterator[Provider]:
    """Start a provider whose only client is a site with this callback."""
    from_npm("oidc-provider", "oidc-provider/package.json")
    accounts, port = folder / "accounts.json", free_port()
    accounts.write_text("{}")
    script = Path(__file__).parent / "npm" / "provider.mjs"
    command = ["node", str(script), str(port), str(accounts), callback, groups_in]
    with (folder / "provider.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(port, "/.well-known/openid-configuration", process, 30)
        yield Provider(f"http://127.0.0.1:{port}", accounts)
    finally:
        stop(process)
