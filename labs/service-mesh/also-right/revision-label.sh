set -euo pipefail
kubectl create namespace production
kubectl label namespace production istio.io/rev=default
kubectl apply -n production -f payments.yaml
kubectl rollout status deployment/payments -n production
kubectl apply -f strict.yaml
