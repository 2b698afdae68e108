set -euo pipefail
kubectl apply -f frontend.yaml
kubectl rollout status deployment/frontend
sed 's/"GET", "POST"/"GET", "POST", "PATCH"/' policies.yaml | kubectl apply -f -
