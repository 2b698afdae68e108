set -euo pipefail
kubectl apply -f reviews.yaml
kubectl wait --for=condition=Available --timeout=30s deployment -l app=reviews
sed -E -e 's/host: reviews$/host: reviews.default.svc.cluster.local/' -e 's/^  - reviews$/  - reviews.default.svc.cluster.local/' canary.yaml | kubectl apply -f -
