set -euo pipefail
kubectl apply -f frontend.yaml
kubectl rollout status deployment/frontend
kubectl apply -f policies.yaml
kubectl patch authorizationpolicy deny-all -n production --type merge -p '{"spec":{"action":"ALLOW"}}'
