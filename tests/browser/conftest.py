"""One browser and two sites for all browser tests: one with simulated companies, one with broken files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.site import Site, Visitor, a_site
from tests.servers.chromium import chromium

Arrives = Callable[..., Visitor]
# Only two workers: starting one takes half a second of CPU, which the browser needs.
_QUICK = {"BACKOFF_SECONDS": "0.1", "LEASE_SECONDS": "3", "MAX_WORKERS": "2", "POLL_SECONDS": "0.4"}


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all browser tests in one process, because they share the browser and the sites."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.server)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Closed after the last browser test, since Playwright's event loop would block Django's database elsewhere."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with simulated companies; a job takes a few seconds."""
    slow = {"SIMULATED_SECONDS_PER_DOCUMENT": "1", "WORKER_CONCURRENCY": "4", "ORDERS_PER_MONTH": "Operator=2"}
    with a_site(tmp_path_factory.mktemp("site"), **_QUICK, **slow) as site:
        yield site


@pytest.fixture(scope="package")
def filings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the second site's companies; jobs for other companies fail."""
    return tmp_path_factory.mktemp("filings")


@pytest.fixture(scope="package")
def folder_site(browser: Browser, filings: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose companies are folders."""
    source = {"SOURCE": "directory", "FILINGS_DIR": str(filings), "MAX_ATTEMPTS": "1"}
    with a_site(tmp_path_factory.mktemp("folder-site"), **_QUICK, **source) as site:
        yield site


@pytest.fixture
def arrives(browser: Browser) -> Iterator[Arrives]:
    """``arrives(site, name)`` opens a user's browser; at the end no browser may have reported a problem."""
    visitors: list[Visitor] = []

    def arrive(site: Site, name: str | None = "asha", **context: object) -> Visitor:
        visitors.append(Visitor(site, browser, name, **context))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        visitor.context.close()
    problems = [problem for visitor in visitors for problem in visitor.problems]
    assert not problems, "\n".join(problems)


@pytest.fixture
def asha(site: Site, arrives: Arrives) -> Visitor:
    return arrives(site)
