"""What the film shows, scene by scene. All of it happens while it is filmed; what takes long is cut."""

from __future__ import annotations

import random
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from jobs.domain.simulated_companies import simulated_companies
from tests.browser.site import Site
from tests.demo import panels
from tests.demo.camera import Camera, Scene
from tests.demo.workers import Fleet, LiveView, Pods, Processes
from tests.monitoring.committed import DASHBOARDS
from tests.processes import wait_until
from tests.servers import Unavailable
from tests.servers.grafana import grafana
from tests.servers.prometheus import Prometheus

WORKERS, JOBS = 6, 12
SETTINGS = {
    "MAX_WORKERS": str(WORKERS), "LEASE_SECONDS": "6", "BACKOFF_SECONDS": "1", "LOGNAME": "night-import",
    "SIMULATED_SECONDS_PER_DOCUMENT": "1", "WORKER_CONCURRENCY": "4", "RUN_FRACTION": "0.35",
    "WEB_PROCESSES": "2",
}  # fmt: skip
_IN_A_HURRY = {"SIMULATED_SECONDS_PER_DOCUMENT": "0.1", "RUN_FRACTION": "1"}
ALERT = "JobFailureBudgetBurnsFast"
CIN, COMPANY = "L24295GJ1987PLC143792", "Vindhya Chemicals Limited"
_CARD = Path(__file__).with_name("card.html")


@dataclass(kw_only=True)
class Stage:
    """What is filmed: a site, the Prometheus that watches it, and a page of a person who is not logged in yet.

    ``pictures`` is a folder for what is to be seen outside the film as well.
    """

    site: Site
    watching: Prometheus
    page: Page
    camera: Camera
    pictures: Path
    began: float


def tell(stage: Stage) -> None:
    """The whole film."""
    for scene in (
        title, order, process, many, failures, prometheus, grafana_panels, real_grafana, repair, scaling, pods, end,
    ):  # fmt: skip
        scene(stage)


def title(stage: Stage) -> None:
    _card(stage.page, "Filesure", "Orders, downloads, reads and stores the filings of Indian companies")
    with stage.camera.scene("Filesure", stage.page) as scene:
        scene.say("Filmed by a script, from a Filesure that runs on one machine. Only the companies are simulated.")


def order(stage: Stage) -> None:
    page = stage.page
    page.goto(stage.site.url("/login/"))
    with stage.camera.scene("Order", page) as scene:
        scene.say("Staff log in. What each of them may see and do follows from their group.")
        _type(page, "Name", "asha")
        _type(page, "Password", stage.site.password)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("link", name="Order", exact=True).click()
        scene.say("A company is ordered by its CIN, which is checked while it is typed.")
        _type(page, "CIN", CIN[:17] + "O" + CIN[18:])
        scene.wait(2)
        scene.say("One letter was wrong. Now it is right: a listed company in Gujarat, since 1987.")
        page.get_by_label("CIN", exact=True).fill("")
        _type(page, "CIN", CIN)
        _type(page, "Company", COMPANY)
        scene.let_read()
        page.get_by_role("button", name="Order", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(COMPANY)
        scene.say("The order is a job in MongoDB before it is confirmed here.")


def process(stage: Stage) -> None:
    page = stage.page
    with stage.camera.scene("Process", page) as scene:
        scene.say("A worker starts by itself, locks the job, lists the filings and downloads 35 % of them.")
        scene.until(lambda: page.locator("#run-1").count())
        scene.wait(4)
        scene.say("Then it gives the job back, and the next worker goes on: a large company keeps nobody waiting.")
        scene.until(lambda: page.locator("#run-2").count())
        scene.wait(3)
        scene.until(lambda: page.locator("h1 .state").inner_text() == "completed")
        scene.say("After three runs all documents are stored, each with its checksum and its text.")
        scene.scroll(520)
        scene.let_read()
        page.locator("#documents-title ~ * a[aria-label^='Text of']").first.click()
        scene.say("The text of a filing, as the worker read it from the PDF.")


def many(stage: Stage) -> None:
    page = stage.page
    page.goto(stage.site.url("/order/"))
    with stage.camera.scene("A list", page) as scene:
        scene.say("A list can be pasted from a spreadsheet, or uploaded as a CSV file of 20,000 rows.")
        page.get_by_label("One company a line").fill(_list())
        scene.wait(2)
        page.get_by_role("button", name="Check the list").click()
        scene.say("What would be ordered, and why two rows would not, is shown before anything happens.")
        scene.let_read()
        page.get_by_role("button", name="Order 5 jobs").click()
        page.get_by_role("link", name="Dashboard").click()
        scene.say("The dashboard is live: jobs by state, who works on what, what failed, what is reachable.")
        scene.glide(330, 9)


def failures(stage: Stage) -> None:
    page = stage.page
    _have_jobs_fail(stage)
    page.goto(stage.site.url("/failures/"))
    with stage.camera.scene("Failures and retry", page) as scene:
        scene.say("Meanwhile the source lost one download in eight, while 30 jobs ran. Here are the failures.")
        scene.wait(2)
        page.get_by_role("link", name="documents missing").click()
        scene.say("The jobs behind that number. Each says what went wrong.")
        scene.let_read()
        page.locator("tbody tr a").first.click()
        scene.say("What could be had is stored all the same, with its text.")
        scene.bring(page.get_by_text("did not deliver"))
        scene.let_read()
        scene.bring(page.locator("h1"))
        scene.say("The source is well again. Retry fetches only what is missing.")
        page.get_by_role("button", name="Retry").click()
        scene.until(lambda: page.locator("h1 .state").inner_text() == "completed")
        scene.say("Completed, and who asked for it is in the audit log.")


def _have_jobs_fail(stage: Stage) -> None:
    """So many of all that ended that the alert fires."""
    stage.site.wait_until_idle()
    stage.site.restart(SIMULATED_FAULT_RATE="0.12", MAX_ATTEMPTS="1", **_IN_A_HURRY)
    stage.site.machine.manage("create_jobs", "--count", "30")
    stage.site.wait_until_idle()
    assert stage.site.machine.jobs_in("failed") > 25
    stage.site.restart(SIMULATED_FAULT_RATE="0", MAX_ATTEMPTS="5", **{name: SETTINGS[name] for name in _IN_A_HURRY})


def prometheus(stage: Stage) -> None:
    page, watching = stage.page, stage.watching
    wait_until(lambda: watching.value(f'ALERTS{{alertname="{ALERT}", alertstate="firing"}}'), 240)
    page.goto(_graph(watching, "sum by (state) (filesure:jobs:max)", tab=0))
    with stage.camera.scene("Prometheus", page) as scene:
        scene.say("Prometheus itself: the jobs by state. Ordered, worked on, and most of them failed.")
        scene.wait(1.5)
        scene.scroll(160)
        scene.wait(3)
        page.goto(_graph(watching, '{__name__=~"filesure:(jobs|documents)_.*_total:max"}', tab=1))
        scene.say("Workers live for seconds, so what they count is kept in MongoDB: nothing is lost or counted twice.")
        scene.glide(160, 6)
        page.goto(watching.page("alerts"))
        scene.say("Most jobs failed for minutes: the committed alert, with its thresholds as they are, fires.")
        scene.wait(1)
        page.get_by_text(ALERT, exact=True).first.click()
        scene.wait(1)
        scene.bring(page.get_by_text("Active Since"))
        scene.say("It says how bad it is, and where the runbook tells what to do.")


def _graph(watching: Prometheus, query: str, tab: int) -> str:
    parameters = {"g0.expr": query, "g0.tab": str(tab), "g0.range_input": "10m"}
    return f"{watching.page('graph')}?{urlencode(parameters)}"


def grafana_panels(stage: Stage) -> None:
    page = stage.page
    for name in DASHBOARDS:
        _draw(stage, name)
        page.screenshot(path=stage.pictures / f"panels-{name}.png", full_page=True)
    _draw(stage, "operations")
    with stage.camera.scene("Grafana's panels", page) as scene:
        scene.say("Grafana's dashboards are code. Here a small page draws their panels from their own queries.")
        scene.glide(560, 5)
        scene.glide(1150, 5)
        with scene.cut():
            _draw(stage, "documents")
        scene.say("Four dashboards: operations, documents and storage, web and MongoDB, the error budget.")
        scene.glide(500, 6)
        with scene.cut():
            _draw(stage, "budget")
        scene.say("The budget: 95 % of the jobs that end are to be completed. Today it burns, so somebody is called.")
        scene.glide(220, 5)


def _draw(stage: Stage, dashboard: str) -> None:
    panels.show(stage.page, DASHBOARDS[dashboard], stage.watching, stage.began, time.time())


def real_grafana(stage: Stage) -> None:
    """Where Grafana is installed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            address = stack.enter_context(grafana(folder, stage.watching.port))
        except Unavailable as reason:
            print(f"left out: {reason}")
            return
        with stage.camera.scene("Grafana", stage.page) as scene:
            with scene.cut():
                minutes = int((time.time() - stage.began) / 60) + 1
                where = f"/d/filesure-operations?kiosk&from=now-{minutes}m&to=now&var-window=1m"
                stage.page.goto(address + where, wait_until="networkidle")
            scene.say("The same dashboard in Grafana itself.")
            scene.wait(6)


def repair(stage: Stage) -> None:
    page = stage.page
    page.goto(stage.site.url("/failures/"))
    with stage.camera.scene("Retry all", page) as scene:
        scene.say("The failed jobs of one reason are tried again at once.")
        scene.wait(1)
        page.get_by_role("button", name="Retry all jobs with reason documents missing").click()
        scene.let_read()
        page.get_by_role("button", name="Yes, retry").click()
        scene.wait(1.5)
        page.get_by_role("link", name="Workers").click()
        scene.say("Each worker holds one job, for as long as its lease is renewed.")
        scene.wait(6)
        with scene.cut():
            stage.site.wait_until_idle()
            page.goto(stage.site.url("/failures/"))
        scene.say("A little later no job is failed any more.")


def scaling(stage: Stage) -> None:
    fleet = Processes(stage.site.machine, stage.watching)
    with stage.camera.scene("Scaling", stage.page) as scene:
        _scale(scene, fleet, JOBS, "Nothing is due, so no worker runs. Now some jobs are ordered.")


def pods(stage: Stage) -> None:
    """Where kubectl reaches a cluster in which Filesure runs."""
    if not Pods.are_there():
        print("left out: no cluster with Filesure answers to kubectl")
        return
    fleet = Pods()
    with stage.camera.scene("In a cluster", stage.page) as scene, fleet.watched():
        _scale(scene, fleet, JOBS, "The same in Kubernetes, where KEDA starts the workers as pods.")


def _scale(scene: Scene, fleet: Fleet, jobs: int, first: str) -> None:
    """From no worker to many and back, with one that is killed on the way."""
    view = LiveView(scene.page, fleet)
    scene.say(first)
    scene.until(lambda: view.look() or scene.is_read())
    fleet.order(jobs)
    scene.until(lambda: view.look() or view.most >= 3, 300)
    scene.say("As many workers start as jobs are due, up to the maximum. Each takes one job and ends after a run.")
    scene.until(lambda: view.look() or scene.is_read(), 300)
    scene.until(lambda: view.look() or fleet.kill(), 300)
    scene.say("One worker was killed (kill -9). Its lease ends, the next goes on: nothing is lost or doubled.")
    scene.until(view.at_rest, 1200)
    scene.say("All are completed, nothing is due, no worker is left: back at zero.")
    scene.until(lambda: view.look() or scene.is_read())


def end(stage: Stage) -> None:
    _card(stage.page, "make run", "Python and make, no account anywhere. In a cluster: docs/deployment.md")
    with stage.camera.scene("Try it", stage.page) as scene:
        scene.say("Everything in this film is in the repository: make run, make observe, make demo-video.")


def _card(page: Page, heading: str, text: str) -> None:
    page.goto(_CARD.as_uri())
    page.evaluate("([heading, text]) => show(heading, text)", [heading, text])


def _list() -> str:
    """Five companies, one twice, and one whose CIN is too short."""
    rows = [f"{cin}, {name}" for cin, name in simulated_companies(5, random.Random(4))]
    return "\n".join([*rows[:3], rows[0], *rows[3:], "U72900KA2008PTC04637, One Digit Short Limited"])


def _type(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).press_sequentially(text, delay=45)
