set -euo pipefail
kubectl apply -f reviews.yaml
kubectl wait --for=condition=Available --timeout=30s deployment -l app=reviews
sed -e 's/weight: 90/weight: 85/' -e 's/weight: 10/weight: 15/' canary.yaml | kubectl apply -f -
