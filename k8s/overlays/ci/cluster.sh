#!/usr/bin/env bash
# A kind cluster with KEDA, the images of this checkout and the overlay ci. Can be run again.
set -euo pipefail
cd "$(dirname "$0")/../../.."
name=filesure

for program in docker kind kubectl helm; do
    command -v "$program" >/dev/null || { echo "make cluster needs $program." >&2; exit 1; }
done

kind get clusters | grep -qx "$name" || kind create cluster --name "$name" --wait 120s --config - <<'NODES'
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
# Two that can be drained.
nodes: [{role: control-plane}, {role: worker}, {role: worker}]
NODES
kubectl config use-context "kind-$name"

for part in web worker; do
    image="ghcr.io/filesure/$part:ci"
    docker build --quiet --target "$part" --tag "$image" .
    kind load docker-image --name "$name" "$image"
done

helm upgrade --install keda keda --repo https://kedacore.github.io/charts --version 2.20.1 \
    --namespace keda --create-namespace --wait --timeout 5m

# Also installs the Gateway API's CRDs; the class is cluster-wide, so it is not in an overlay.
helm upgrade --install eg oci://docker.io/envoyproxy/gateway-helm --version v1.4.2 \
    --namespace envoy-gateway-system --create-namespace --wait --timeout 5m
kubectl apply --filename - <<'CLASS'
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata:
  name: eg
spec:
  controllerName: gateway.envoyproxy.io/gatewayclass-controller
CLASS

.venv/bin/python k8s/overlays/local/make_secrets.py
kubectl delete job prepare mongodb-initiate --namespace filesure --ignore-not-found
kubectl apply --kustomize k8s/overlays/ci
kubectl wait --namespace filesure --for=condition=complete --timeout=15m job/mongodb-initiate job/prepare
kubectl rollout status --namespace filesure --timeout=10m deployment/web
echo "Orders: kubectl exec --namespace filesure deploy/web -- python manage.py create_jobs --count 5"
echo "The web site: kubectl port-forward --namespace filesure service/web 5001"
