set -euo pipefail
kubectl apply -f stock.yaml
kubectl rollout status deployment/stock
kubectl scale deployment stock-broken --replicas=1
kubectl rollout status deployment/stock-broken
kubectl apply -f stock-outlier.yaml
