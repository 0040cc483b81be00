"""A site with some history: jobs with hostile names, a bulk action, saved views, a watch and a webhook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.browser.companies import a_company_with_broken_files, a_company_with_one_missing_file
from tests.browser.site import Site
from tests.making import a_cin

HOSTILE = ('"><script>alert(1)</script>', "<img src=x onerror=alert(1)>")
BULK = "65a1b2c3d4e5f60718293a4b"
# Both jobs are refused.
_BULK_ACTION = """
from jobs.bootstrap import application
from jobs.domain.bulk_action import BulkAction
from jobs.domain.audit import Action
from jobs.web import bulk_runner
app, now = application(), application().clock()
chosen = dict(job_ids=tuple({jobs}), total=2, priority=3, lease_until=now)
app.bulk_actions.add(BulkAction(id="{bulk}", action=Action.PRIORITISE, by="asha", at=now, **chosen))
bulk_runner.service().advance("test")
from jobs.domain.saved_view import Listing
view = dict(query="status=failed&order=oldest", is_shared=True)
app.views.add("asha", Listing.JOBS, name="Failed, the oldest first", **view)
app.views.add("binod", Listing.JOBS, name="x" * 60, **view)
"""
_WATCH = """
from jobs.bootstrap import application
from jobs.domain.audit import Actor
from jobs.domain.watching import Interval
application().watching.watch("{cin}", Interval.WEEKLY, Actor(name="asha"))
"""
_WEBHOOK = """
from jobs.bootstrap import application
from jobs.domain.audit import Actor
parts, by = application().notifications, Actor(name="asha")
given = dict(name="{name}", url="https://{host}/hook", types=["order.failed"], format="standard")
made = parts.webhooks.add(**given, actor=by)
parts.webhooks.test(made.id, by)
"""


@dataclass
class Shown:
    """A site with some history."""

    site: Site
    good: str
    failed: str
    cin: str


def with_history(site: Site, filings: Path) -> Shown:
    """Two jobs with hostile names: one with readable and broken files, one failed."""
    good, broken = a_cin(), a_cin()
    a_company_with_broken_files(filings, good)
    a_company_with_one_missing_file(filings, broken)
    jobs = [site.order(cin, name) for cin, name in zip((good, broken), HOSTILE, strict=True)]
    site.wait_until_idle()
    site.shell(_BULK_ACTION.format(bulk=BULK, jobs=sorted(jobs)))
    site.shell(_WATCH.format(cin=good))
    site.shell(_WEBHOOK.format(name="W" * 80, host="a-long-name." * 10 + "invalid"))
    return Shown(site, *jobs, good)
