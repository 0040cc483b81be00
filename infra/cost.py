"""What the nodes cost, by Azure's public list of prices. The other resources depend on use."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PRICES = "https://prices.azure.com/api/retail/prices"
_HOURS = 730  # a month
_OTHERS = (
    "Not included: MongoDB, storage, traffic, monitoring and, in prod, the guaranteed API server"
    " (https://azure.microsoft.com/pricing/calculator/)."
)


def nodes_cost(parameters: Path, location: str, items: Callable[[str, str], list[dict[str, Any]]] | None = None) -> str:
    """A sentence for the terminal."""
    text = parameters.read_text(encoding="utf-8")
    size = re.search(r"^param nodeSize = '(\w+)'$", text, re.MULTILINE)
    counts = [re.search(rf"^param {name} = (\d+)$", text, re.MULTILINE) for name in ("nodesMin", "nodesMax")]
    if not size or not all(counts):
        return f"The nodes' cost is unknown: {parameters.name} lacks their size or number."
    few, many = (int(each[1]) for each in counts if each)
    try:
        hourly = hourly_price((items or _listed)(size[1], location))
    except (OSError, ValueError, KeyError, urllib.error.URLError) as error:
        return f"The cost of {few} to {many} {size[1]} is unknown: {error}. {_OTHERS}"
    if hourly is None:
        return f"{size[1]} has no price in {location}. {_OTHERS}"
    month = f"{few * hourly * _HOURS:,.0f} to {many * hourly * _HOURS:,.0f} USD"
    return f"{few} to {many} nodes {size[1]} in {location}: {month} per month. {_OTHERS}"


def hourly_price(items: list[dict[str, Any]]) -> float | None:
    """The lowest price for Linux on demand."""
    prices = [
        float(each["retailPrice"])
        for each in items
        if "Windows" not in each["productName"] and not re.search("Spot|Low Priority", each["skuName"])
    ]
    return min(prices, default=None)


def _listed(size: str, location: str) -> list[dict[str, Any]]:
    chosen = f"serviceName eq 'Virtual Machines' and armRegionName eq '{location}' and armSkuName eq '{size}'"
    query = urllib.parse.urlencode({"$filter": f"{chosen} and priceType eq 'Consumption'"})
    with urllib.request.urlopen(f"{_PRICES}?{query}", timeout=10) as answer:  # noqa: S310  https, see _PRICES
        return list(json.load(answer)["Items"])
