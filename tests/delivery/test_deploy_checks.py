"""What k8s/deploy.py refuses to deploy."""

from __future__ import annotations

import pytest

from tests.delivery.deploying import AZURE, calls, deploy
from tests.delivery.stubs import keda


def test_example_values_are_not_deployed(tmp_path):
    done = deploy(tmp_path, *AZURE, "0.1.0", EXAMPLES="1")
    assert (done.returncode, calls(tmp_path)) == (1, [])
    assert "example values: 00000000-0000-0000-0000-000000000000, " in done.stderr
    assert "filesure.example.com. Change the lines marked # yours." in done.stderr


def test_simulated_source_must_be_intended(tmp_path):
    done = deploy(tmp_path, "azure", "--tag", "0.1.0")
    assert (done.returncode, calls(tmp_path)) == (1, [])
    assert "SOURCE=simulated invents companies and documents." in done.stderr


@pytest.mark.parametrize(
    ("namespaces", "said"),
    [((), "KEDA is not installed"), (("keda", "kube-system"), "KEDA runs in keda and in kube-system")],
)
def test_exactly_one_keda_must_run(tmp_path, namespaces, said):
    (tmp_path / "keda.json").write_text(keda(*namespaces))
    done = deploy(tmp_path, *AZURE, "0.1.0")
    assert (done.returncode, calls(tmp_path)) == (1, [])
    assert said in done.stderr
