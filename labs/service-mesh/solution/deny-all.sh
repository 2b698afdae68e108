set -euo pipefail
kubectl apply -f frontend.yaml
kubectl rollout status deployment/frontend
kubectl apply -f policies.yaml
