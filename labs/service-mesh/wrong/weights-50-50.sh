set -euo pipefail
kubectl apply -f reviews.yaml
kubectl wait --for=condition=Available --timeout=30s deployment -l app=reviews
sed -E 's/weight: [0-9]+/weight: 50/' canary.yaml | kubectl apply -f -
