set -euo pipefail
kubectl apply -f stock.yaml
kubectl rollout status deployment/stock
kubectl scale deployment stock-broken --replicas=1
kubectl rollout status deployment/stock-broken
sed -e 's/consecutiveErrors/consecutive5xxErrors/' -e 's/baseEjectionTime: 3s/baseEjectionTime: 300s/' stock-outlier.yaml | kubectl apply -f -
