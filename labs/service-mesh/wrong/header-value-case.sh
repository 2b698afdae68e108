set -euo pipefail
kubectl apply -f reviews.yaml
kubectl wait --for=condition=Available --timeout=30s deployment -l app=reviews
sed 's/exact: jason/exact: Jason/' canary.yaml | kubectl apply -f -
