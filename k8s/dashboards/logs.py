"""Links from panels to the logs behind them, in Loki or Azure Monitor."""

from __future__ import annotations

import json
from urllib.parse import quote

#: The variables with the data sources of logs; without such a source they are empty, and Explore asks for one.
LOKI, AZURE = "loki", "azure"
_RANGE = {"from": "${__from}", "to": "${__to}"}


def in_loki(events: str) -> str:
    """Lines whose event matches, from the labels and fields of docs/deployment.md."""
    expr = f'{{container=~".+", namespace=~"${{namespace:pipe}}"}} | json | event=~"{events}"'
    return _explore(LOKI, "loki", {"expr": expr, "queryType": "range"})


def in_azure(events: str) -> str:
    """The same in Container Insights."""
    query = (
        f'ContainerLogV2 | where LogMessage.event matches regex "^({events})$"'
        " | project TimeGenerated, PodName, level = LogMessage.level, event = LogMessage.event, LogMessage"
    )
    asked: dict[str, object] = {
        "queryType": "Azure Log Analytics",
        "azureLogAnalytics": {"query": query, "resources": []},
    }
    return _explore(AZURE, "grafana-azure-monitor-datasource", asked)


def _explore(variable: str, kind: str, query: dict[str, object]) -> str:
    uid = f"${{{variable}}}"
    asked = {"refId": "A", "datasource": {"type": kind, "uid": uid}, **query}
    pane = {"logs": {"datasource": uid, "queries": [asked], "range": _RANGE}}
    return f"/explore?schemaVersion=1&panes={quote(json.dumps(pane), safe='${}:_')}"
