"""The live view of workers in a cluster, and Grafana, both with stand-ins."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from tests.delivery.stubs import stubbed
from tests.demo.camera import HEIGHT, WIDTH
from tests.demo.workers import LiveView, Pods
from tests.processes import wait_until
from tests.servers.chromium import chromium
from tests.servers.grafana import grafana

pytestmark = [pytest.mark.browser, pytest.mark.server, pytest.mark.xdist_group("demo")]
KUBECTL = """
case "$*" in
    *"get scaledjob worker"*) ;;
    *--watch*) echo "NAME  READY  STATUS  RESTARTS  AGE"; echo "worker-abcde-12345  1/1  Running  0  3s"
               trap exit TERM; while :; do sleep 0.1; done ;;
    *"job_status --json"*) echo '{"pending": 2, "processing": 1, "completed": 0, "failed": 0, "cancelled": 0}' ;;
    *"--output name"*) echo pod/worker-abcde-12345 ;;
esac
"""
GRAFANA = f"""
[[ $1 == server && $2 == --homepath ]] || exit 2
exec {sys.executable} -c '
import http.server, os
class Answer(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()
place = os.environ["GF_SERVER_HTTP_ADDR"], int(os.environ["GF_SERVER_HTTP_PORT"])
http.server.HTTPServer(place, Answer).serve_forever()
'
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The recorded calls of the stand-ins for kubectl and Grafana."""
    for name, value in stubbed(tmp_path, kubectl=KUBECTL, grafana=GRAFANA).items():
        if name != "HOME":
            monkeypatch.setenv(name, value)
    return tmp_path / "calls"


def test_pods_appear_beside_the_queue(calls: Path) -> None:
    fleet = Pods()
    with chromium() as browser, fleet.watched():
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        wait_until(lambda: len(fleet.lines()) == 2)
        view = LiveView(page, fleet)
        assert not view.is_idle()
        assert page.locator("h1").inner_text().startswith("kubectl get pods --watch")
        assert page.locator("pre .Running").inner_text().startswith("worker-abcde-12345  1/1")
        assert page.locator("#now b").all_inner_texts() == ["2", "1"]
    assert view.most == 1


def test_orders_and_kills_reach_the_cluster(calls: Path) -> None:
    assert Pods.available()
    Pods().order(12)
    assert Pods().kill()
    said = calls.read_text()
    assert "--namespace filesure exec deploy/web -c web -- python manage.py create_jobs --count 12" in said
    assert "--namespace filesure delete pod/worker-abcde-12345 --grace-period=0 --force" in said


def test_grafana_uses_the_committed_dashboards(calls: Path, tmp_path: Path) -> None:
    with grafana(tmp_path / "grafana", prometheus_port=1234) as address:
        assert address.startswith("http://127.0.0.1:")
    provisioned = tmp_path / "grafana/provisioning"
    (source,) = yaml.safe_load((provisioned / "datasources/filesure.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((provisioned / "dashboards/filesure.yaml").read_text())["providers"]
    assert source["url"] == "http://127.0.0.1:1234"
    assert len(list(Path(provider["options"]["path"]).glob("*.json"))) == 5
