set -euo pipefail
kubectl apply -f stock.yaml
kubectl rollout status deployment/stock
kubectl scale deployment stock-broken --replicas=1
kubectl rollout status deployment/stock-broken
sed -e 's/consecutiveErrors/consecutive5xxErrors/' -e '/maxEjectionPercent/d' stock-outlier.yaml | kubectl apply -f -
