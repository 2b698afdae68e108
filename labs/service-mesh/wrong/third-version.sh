set -euo pipefail
kubectl apply -f reviews.yaml
kubectl wait --for=condition=Available --timeout=30s deployment -l app=reviews
kubectl apply -f canary.yaml
kubectl patch destinationrule reviews --type merge -p '{"spec":{"subsets":[{"name":"v1","labels":{"app":"reviews"}},{"name":"v2","labels":{"version":"v2"}}]}}'
