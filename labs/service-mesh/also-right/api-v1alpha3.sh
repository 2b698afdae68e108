set -euo pipefail
kubectl apply -f reviews.yaml
kubectl wait --for=condition=Available --timeout=30s deployment -l app=reviews
sed 's#networking.istio.io/v1beta1#networking.istio.io/v1alpha3#' canary.yaml | kubectl apply -f -
