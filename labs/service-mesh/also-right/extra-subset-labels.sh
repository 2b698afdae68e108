set -euo pipefail
kubectl apply -f reviews.yaml
kubectl wait --for=condition=Available --timeout=30s deployment -l app=reviews
kubectl apply -f canary.yaml
kubectl patch destinationrule reviews --type merge -p '{"spec":{"subsets":[{"name":"v1","labels":{"app":"reviews","version":"v1"}},{"name":"v2","labels":{"app":"reviews","version":"v2"}}]}}'
