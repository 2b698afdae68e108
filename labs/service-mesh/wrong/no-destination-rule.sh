set -euo pipefail
kubectl apply -f reviews.yaml
kubectl wait --for=condition=Available --timeout=30s deployment -l app=reviews
kubectl apply -f canary.yaml
kubectl delete destinationrule reviews
