"""What a new cluster needs before Filesure: a gateway, External Secrets, cert-manager, an issuer of certificates.

KEDA is AKS's add-on, so its chart must not be installed as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable

#: Release → chart, repository, version, further settings. The namespace has the release's name.
CHARTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "external-secrets": ("https://charts.external-secrets.io", "2.10.0", {}),
    "cert-manager": (
        "https://charts.jetstack.io",
        "v1.21.2",
        {
            "crds.enabled": "true",
            "config.apiVersion": "controller.config.cert-manager.io/v1alpha1",
            "config.kind": "ControllerConfiguration",
            "config.enableGatewayAPI": "true",
        },
    ),
}


def add_ons(run: Callable[..., str], group: str, cluster: str, email: str) -> None:
    """Safe to repeat."""
    of = ("--resource-group", group, "--name", cluster, "--only-show-errors")
    run("az", "aks", "update", *of, "--enable-gateway-api", "--enable-app-routing-istio")
    run("az", "aks", "get-credentials", *of, "--overwrite-existing")
    run("kubelogin", "convert-kubeconfig", "--login", "azurecli")
    for release, (repository, version, settings) in CHARTS.items():
        chosen = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        place = ("--namespace", release, "--create-namespace", "--wait")
        run(
            "helm",
            "upgrade",
            "--install",
            release,
            release,
            "--repo",
            repository,
            "--version",
            version,
            *place,
            *chosen,
        )
    run("kubectl", "apply", "-f", "-", given=json.dumps(issuer(email)))


def issuer(email: str) -> dict[str, object]:
    """Let's Encrypt, which asks over HTTP through the Gateway."""
    gateway = {"name": "web", "namespace": "filesure", "kind": "Gateway"}
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": "letsencrypt"},
        "spec": {
            "acme": {
                "server": "https://acme-v02.api.letsencrypt.org/directory",
                "email": email,
                "privateKeySecretRef": {"name": "letsencrypt"},
                "solvers": [{"http01": {"gatewayHTTPRoute": {"parentRefs": [gateway]}}}],
            }
        },
    }
