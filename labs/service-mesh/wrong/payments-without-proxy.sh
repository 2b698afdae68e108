set -euo pipefail
kubectl create namespace production
kubectl apply -n production -f payments.yaml
kubectl rollout status deployment/payments -n production
kubectl label namespace production istio-injection=enabled
kubectl apply -f strict.yaml
