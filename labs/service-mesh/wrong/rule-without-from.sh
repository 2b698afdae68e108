set -euo pipefail
kubectl apply -f frontend.yaml
kubectl rollout status deployment/frontend
kubectl apply -f policies.yaml
kubectl patch authorizationpolicy allow-frontend -n production --type json -p '[{"op":"remove","path":"/spec/rules/0/from"}]'
