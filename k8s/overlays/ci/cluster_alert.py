"""An alert that reaches a receiver outside Alertmanager: a pod that prints what is posted to it."""

from __future__ import annotations

import json

from cluster import kubectl, until

_NAME = "alert-receiver"
_LABELS = {"app.kubernetes.io/name": "filesure", "app.kubernetes.io/component": _NAME}
_ALERTMANAGER = {"app.kubernetes.io/name": "filesure", "app.kubernetes.io/component": "alertmanager"}
_SERVER = """
import http.server

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
        self.send_response(200)
        self.end_headers()

http.server.HTTPServer(("", 8080), Receiver).serve_forever()
"""


def alert_is_delivered() -> dict[str, float]:
    """Seconds from an alert to the receiver, with Alertmanager's own wait for more alerts of a group."""
    kubectl("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": _receiver()}))
    try:
        kubectl("rollout", "status", f"deployment/{_NAME}", "--timeout=120s")
        kubectl("rollout", "restart", "deployment/alertmanager")  # it reads the Secret at its start
        kubectl("rollout", "status", "deployment/alertmanager", "--timeout=180s")
        labels = ("alertname=ClusterTest", "severity=critical", "namespace=filesure")
        add = ("amtool", "alert", "add", "--alertmanager.url=http://localhost:9093", *labels)
        kubectl("exec", "deploy/alertmanager", "-c", "alertmanager", "--", *add)
        seconds = until("the alert arrives", lambda: "ClusterTest" in kubectl("logs", f"deployment/{_NAME}"), limit=180)
    finally:
        for kind, name in (
            ("secret", "alertmanager-receivers"),
            ("deployment,service,networkpolicy", _NAME),
            ("networkpolicy", "alertmanager-to-receiver"),
        ):
            kubectl("delete", kind, name, "--ignore-not-found")
    return {"alert delivered": seconds}


def _receiver() -> list[dict[str, object]]:
    ports = [{"port": 8080}]
    to_receiver = {
        "podSelector": {"matchLabels": _ALERTMANAGER},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"podSelector": {"matchLabels": _LABELS}}], "ports": ports}],
    }
    from_alertmanager = {
        "podSelector": {"matchLabels": _LABELS},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {"matchLabels": _ALERTMANAGER}}], "ports": ports}],
    }
    url = f"http://{_NAME}.filesure.svc:8080/"
    return [
        _object("v1", "Secret", "alertmanager-receivers", stringData={"critical-webhook-url": url}),
        _object("networking.k8s.io/v1", "NetworkPolicy", "alertmanager-to-receiver", spec=to_receiver),
        _object("networking.k8s.io/v1", "NetworkPolicy", _NAME, spec=from_alertmanager),
        _object("v1", "Service", _NAME, spec={"selector": _LABELS, "ports": ports}),
        _object("apps/v1", "Deployment", _NAME, spec=_deployment()),
    ]


def _deployment() -> dict[str, object]:
    locked = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    container = {
        "name": "receiver",
        "image": "ghcr.io/filesure/worker:ci",  # it is on the nodes, and has Python
        "command": ["python", "-c", _SERVER],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": locked,
    }
    who = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    pod = {"automountServiceAccountToken": False, "securityContext": who, "containers": [container]}
    template = {"metadata": {"labels": _LABELS}, "spec": pod}
    return {"replicas": 1, "selector": {"matchLabels": _LABELS}, "template": template}


def _object(version: str, kind: str, name: str, **fields: object) -> dict[str, object]:
    metadata = {"name": name, "namespace": "filesure", "labels": _LABELS}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}
