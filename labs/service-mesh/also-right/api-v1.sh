set -euo pipefail
kubectl create namespace production
kubectl label namespace production istio-injection=enabled
kubectl apply -n production -f payments.yaml
kubectl rollout status deployment/payments -n production
sed 's#security.istio.io/v1beta1#security.istio.io/v1#' strict.yaml | kubectl apply -f -
