set -euo pipefail
kubectl apply -f reviews.yaml
kubectl wait --for=condition=Available --timeout=30s deployment -l app=reviews
sed '0,/^  - reviews$/s//  - reviews.production/' canary.yaml | kubectl apply -f -
