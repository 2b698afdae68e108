set -euo pipefail
kubectl apply -f frontend.yaml
kubectl rollout status deployment/frontend
sed 's#ns/default/sa#ns/production/sa#' policies.yaml | kubectl apply -f -
