"""The scenes of the film. Everything really happens while it is filmed; waiting is cut."""

from __future__ import annotations

import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from jobs.simulated_companies import simulated_companies
from tests.demo import panels, staff_pages
from tests.demo.camera import Scene
from tests.demo.recording import Recording
from tests.demo.staff_pages import CIN, COMPANY
from tests.demo.stage import Stage, type_into
from tests.demo.workers import Fleet, LiveView, Pods, Processes
from tests.monitoring.committed import LOCAL_DASHBOARDS
from tests.processes import wait_until
from tests.servers import Unavailable
from tests.servers.grafana import grafana
from tests.servers.prometheus import Prometheus

JOBS, FAILING = 12, 24
_IN_A_HURRY = {"SIMULATED_SECONDS_PER_DOCUMENT": "0.1", "RUN_FRACTION": "1"}
ALERT = "JobFailureBudgetBurnsFast"
_CARD = Path(__file__).with_name("card.html")


def film(stage: Stage) -> None:
    """Film all scenes."""
    for scene in (
        title,
        order,
        process,
        staff_pages.company,
        staff_pages.watch,
        staff_pages.export,
        many,
        failures,
        staff_pages.team,
        prometheus,
        grafana_panels,
        real_grafana,
        repair,
        scaling,
        pods,
        end,
    ):
        scene(stage)


def title(stage: Stage) -> None:
    _card(stage.page, "Filesure", "Orders, downloads, reads and stores the filings of Indian companies")
    with stage.camera.scene("Filesure", stage.page) as scene:
        scene.say("A script filmed this on one machine. Everything is real except the companies.")


def order(stage: Stage) -> None:
    page = stage.page
    staff_pages.add_webhook(stage)
    page.goto(stage.site.url("/login/"))
    with stage.camera.scene("Order", page) as scene:
        scene.say("Staff log in. Their group decides what they may see and do.")
        type_into(page, "Name", "asha")
        type_into(page, "Password", stage.site.password)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Order filings").click()
        scene.say("You order a company by its CIN. The page checks it while you type.")
        type_into(page, "CIN, LLPIN or FCRN", CIN[:17] + "O" + CIN[18:])
        scene.wait(2)
        scene.say("One letter was wrong. Now it is right: a listed company in Gujarat, founded in 1987.")
        page.get_by_label("CIN, LLPIN or FCRN", exact=True).fill("")
        type_into(page, "CIN, LLPIN or FCRN", CIN)
        type_into(page, "Company", COMPANY)
        scene.let_read()
        page.get_by_role("button", name="Order", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(COMPANY)
        scene.say("The page confirms the order once MongoDB has stored its job.")


def process(stage: Stage) -> None:
    page = stage.page
    with stage.camera.scene("Process", page) as scene:
        scene.say("A worker starts, locks the job, lists the company's filings and downloads 35 % of them.")
        scene.until(lambda: page.locator("#run-1").count())
        scene.say("Then it gives the job back, so that a large company never blocks others. The next worker goes on.")
        scene.until(lambda: page.locator("#run-2").count())
        scene.let_read()
        scene.until(lambda: page.locator("h1 .state").inner_text() == "completed")
        scene.say("After three runs, every document is stored and read.")
        scene.scroll(520)
        scene.let_read()
        page.locator("tr", has_text="MGT-7").locator("a[href*='/documents/']").first.click()
        scene.say("A filing beside its data. Each value states where it was read and how sure the reader is.")
        scene.wait(2)


def many(stage: Stage) -> None:
    page = stage.page
    page.goto(stage.site.url("/order/?by=list"))
    with stage.camera.scene("A list", page) as scene:
        scene.say("Paste a list from a spreadsheet, or upload a CSV file of up to 20,000 rows.")
        page.get_by_label("One company per line").fill(_list())
        scene.wait(2)
        page.get_by_role("button", name="Check the list").click()
        scene.say("Before anything is ordered, you see which rows are fine and why two are not.")
        scene.let_read()
        page.get_by_role("button", name="Order 5 jobs").click()
        page.get_by_role("link", name="Dashboard").click()
        scene.say("The dashboard is live: jobs by state, workers, failures, and which services answer.")
        scene.glide(330, 6)


def failures(stage: Stage) -> None:
    page = stage.page
    _have_jobs_fail(stage)
    page.goto(stage.site.url("/failures/"))
    with stage.camera.scene("Failures and retry", page) as scene:
        scene.say(f"Meanwhile, the source stopped delivering and {FAILING} jobs ran. These are the failures.")
        scene.wait(2)
        page.get_by_role("link", name="documents missing").click()
        scene.wait(1)
        page.locator("tbody tr a").first.click()
        scene.say("The job names each missing document and the reason.")
        scene.bring(page.get_by_text("did not deliver").first)
        scene.let_read()
        scene.bring(page.locator("h1"))
        scene.say("The source works again. Retry fetches only what is missing.")
        page.get_by_role("button", name="Retry").click()
        scene.let_read()
        with scene.cut():
            scene.until(lambda: page.locator("h1 .state").inner_text() == "completed")
        scene.say("Completed. The audit log shows who retried it.")


def _have_jobs_fail(stage: Stage) -> None:
    """Let enough jobs fail for the alert to fire."""
    stage.site.wait_until_idle()
    stage.site.restart(SIMULATED_FAULT_RATE="1", MAX_ATTEMPTS="1", **_IN_A_HURRY)
    stage.site.machine.manage("create_jobs", "--count", str(FAILING))
    stage.site.wait_until_idle()
    assert stage.site.machine.jobs_in("failed") > FAILING - 4
    stage.site.restart(
        SIMULATED_FAULT_RATE="0", MAX_ATTEMPTS="5", **{name: stage.settings[name] for name in _IN_A_HURRY}
    )


def prometheus(stage: Stage) -> None:
    page, watching = stage.page, stage.watching
    wait_until(lambda: watching.value(f'ALERTS{{alertname="{ALERT}", alertstate="firing"}}'), 240)
    page.goto(_graph(watching, "sum by (state) (filesure:jobs:max)", tab=0))
    with stage.camera.scene("Prometheus", page) as scene:
        scene.say("Prometheus shows the jobs by state. Most of them failed.")
        scene.wait(1.5)
        scene.scroll(160)
        scene.wait(2)
        page.goto(watching.page("alerts"))
        scene.say("Most jobs have failed for minutes, so the alert fires, with the thresholds used in production.")
        scene.wait(1)
        page.get_by_text(ALERT, exact=True).first.click()
        scene.wait(1)
        scene.bring(page.get_by_text("Active Since"))
        scene.say("It states how many jobs failed, and links to the runbook.")


def _graph(watching: Prometheus, query: str, tab: int) -> str:
    parameters = {"g0.expr": query, "g0.tab": str(tab), "g0.range_input": "10m"}
    return f"{watching.page('graph')}?{urlencode(parameters)}"


def grafana_panels(stage: Stage) -> None:
    page = stage.page
    for name in LOCAL_DASHBOARDS:
        _draw(stage, name)
        page.screenshot(path=stage.pictures / f"panels-{name}.png", full_page=True)
    _draw(stage, "operations")
    with stage.camera.scene("Grafana's panels", page) as scene:
        scene.say("Grafana's dashboards are code. A small page draws their panels here, with the same queries.")
        scene.glide(560, 6)
        with scene.cut():
            _draw(stage, "budget")
        scene.say("The goal is that 95 % of jobs complete. Today it is missed, so the alert calls somebody.")
        scene.glide(220, 5)


def _draw(stage: Stage, dashboard: str) -> None:
    panels.show(stage.page, LOCAL_DASHBOARDS[dashboard], stage.watching, stage.began, time.time())


def real_grafana(stage: Stage) -> None:
    """Only if Grafana is installed."""
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
        scene.say("One click retries every job that failed for this reason.")
        scene.wait(1)
        page.get_by_role("button", name="Retry all jobs with reason documents missing").click()
        scene.let_read()
        page.get_by_role("button", name="Yes, retry").click()
        scene.wait(1.5)
        page.get_by_role("link", name="Workers").click()
        scene.say("Each worker holds one job and renews its lease while it works.")
        scene.wait(3)
        with scene.cut():
            stage.site.restart(**_IN_A_HURRY)
            stage.site.wait_until_idle()
            stage.site.restart(**{name: stage.settings[name] for name in _IN_A_HURRY})
            page.goto(stage.site.url("/failures/"))
        scene.say("A little later, no failed job is left.")


def scaling(stage: Stage) -> None:
    fleet = Processes(stage.site.machine, stage.watching)
    with stage.camera.scene("Scaling", stage.page) as scene:
        _scale(scene, fleet, JOBS, "No job is due, so no worker runs. Now some jobs are ordered.")


def pods(stage: Stage) -> None:
    """In the cluster that kubectl reaches, or a recording of one."""
    if not Pods.available():
        recorded(stage)
        return
    fleet = Pods()
    with stage.camera.scene("In a cluster", stage.page) as scene, fleet.watched():
        _scale(scene, fleet, JOBS, "The same in Kubernetes, where KEDA starts the workers as pods.")


def recorded(stage: Stage) -> None:
    fleet = Recording(speed=4)
    with stage.camera.scene("In a cluster", stage.page) as scene:
        view = LiveView(stage.page, fleet)
        scene.say("A recording, four times as fast: KEDA 2.20.2 on Kubernetes 1.36.2, 20 jobs are ordered at once.")
        scene.until(lambda: view.look() or scene.is_read())
        fleet.order(fleet.jobs)
        scene.until(lambda: view.look() or view.most >= 15)
        scene.say("KEDA starts one pod per due job. Its containers were processes on two cores, without Docker.")
        scene.until(lambda: view.look() or fleet.is_over(), 120)
        scene.say("60 pods, none of them idle. All jobs are completed and no pod is left, 89 seconds after the order.")
        scene.until(lambda: view.look() or scene.is_read())


def _scale(scene: Scene, fleet: Fleet, jobs: int, first: str) -> None:
    """Scale from zero workers to many and back, and kill one meanwhile."""
    view = LiveView(scene.page, fleet)
    scene.say(first)
    scene.until(lambda: view.look() or scene.is_read())
    fleet.order(jobs)
    scene.until(lambda: view.look() or view.most >= 3, 300)
    scene.say("One worker starts for each due job, up to the maximum. It takes one job and ends after a run.")
    scene.until(lambda: view.look() or scene.is_read(), 300)
    scene.until(lambda: view.look() or fleet.kill(), 300)
    scene.say("One worker was killed (kill -9). When its lease ends, the next worker goes on. Nothing is lost.")
    scene.until(view.is_idle, 1200)
    scene.say("All jobs are completed and no worker is left.")
    scene.until(lambda: view.look() or scene.is_read())


def end(stage: Stage) -> None:
    _card(stage.page, "make run", "Python and make, no account anywhere. In a cluster: docs/deployment.md")
    with stage.camera.scene("Try it", stage.page) as scene:
        scene.say("Everything here is in the repository: make run, make observe, make demo-video.")


def _card(page: Page, heading: str, text: str) -> None:
    page.goto(_CARD.as_uri())
    page.evaluate("([heading, text]) => show(heading, text)", [heading, text])


def _list() -> str:
    """Five companies, one of them twice, and one with a CIN that is too short."""
    rows = [f"{cin}, {name}" for cin, name in simulated_companies(5, random.Random(4))]
    return "\n".join([*rows[:3], rows[0], *rows[3:], "U72900KA2008PTC04637, One Digit Short Limited"])
