"""Checks before a deploy: example values, a simulated source, and the number of KEDAs."""

from __future__ import annotations

import json
import re

from kubectl import Failed, kubectl

# Values of lines marked "# yours" in k8s/overlays/azure.
_EXAMPLES = re.compile(r"[\w.-]*\bexample\.com\b|\b00000000-0000-0000-0000-\d{12}\b")
_ACCOUNT = re.compile(r"^  AZURE_STORAGE_ACCOUNT_URL: ", re.MULTILINE)
_SIMULATED = re.compile(r"^  SOURCE: simulated$", re.MULTILINE)


def check(manifests: str, *, simulated: bool) -> None:
    """Raises Failed with a sentence about what to do."""
    examples = sorted(set(_EXAMPLES.findall(manifests)))
    if examples:
        raise Failed(f"The overlay still has example values: {', '.join(examples)}. Change the lines marked # yours.")
    if not simulated and _ACCOUNT.search(manifests) and _SIMULATED.search(manifests):
        raise Failed("SOURCE=simulated invents companies and documents. If that is intended, add --simulated.")
    _check_keda()


def _check_keda() -> None:
    """Two operators, for example AKS's add-on and the chart, would each start a pod for every due job."""
    chosen = ("--all-namespaces", "--field-selector=metadata.name=keda-operator")
    found = json.loads(kubectl("get", "deployments", *chosen, "-o", "json") or "{}").get("items", [])
    namespaces = sorted(each["metadata"]["namespace"] for each in found)
    if not namespaces:
        raise Failed("KEDA is not installed: docs/deployment.md shows how.")
    if len(namespaces) > 1:
        raise Failed(
            f"KEDA runs in {' and in '.join(namespaces)}, and each would start a pod for every due job. Keep one:"
            " `az aks update --disable-keda` removes AKS's add-on (kube-system), `helm uninstall keda` the chart."
        )
