"""infra/cost.py: a price per month, or why it is unknown."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest

from tests.processes import ROOT

ITEMS = [
    {"retailPrice": 0.5, "productName": "Virtual Machines Dsv5 Series Windows", "skuName": "D4s v5"},
    {"retailPrice": 0.2, "productName": "Virtual Machines Dsv5 Series", "skuName": "D4s v5"},
    {"retailPrice": 0.02, "productName": "Virtual Machines Dsv5 Series", "skuName": "D4s v5 Spot"},
]


@pytest.fixture(scope="module")
def cost() -> ModuleType:
    spec = importlib.util.spec_from_file_location("infra_cost", ROOT / "infra/cost.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_price_is_linux_on_demand_for_a_month(cost):
    said = cost.nodes_cost(ROOT / "infra/dev.bicepparam", "centralindia", lambda *_: ITEMS)
    assert said.startswith("1 to 3 nodes Standard_D4s_v5 in centralindia: 146 to 438 USD per month.")


def test_unknown_price_is_said(cost):
    def offline(*_: str) -> list[dict]:
        raise OSError("no network")

    assert "is unknown: no network" in cost.nodes_cost(ROOT / "infra/dev.bicepparam", "centralindia", offline)
    assert "has no price in moon" in cost.nodes_cost(ROOT / "infra/dev.bicepparam", "moon", lambda *_: [])
