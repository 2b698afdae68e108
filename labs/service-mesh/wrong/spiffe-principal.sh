set -euo pipefail
kubectl apply -f frontend.yaml
kubectl rollout status deployment/frontend
sed 's#"cluster.local#"spiffe://cluster.local#' policies.yaml | kubectl apply -f -
