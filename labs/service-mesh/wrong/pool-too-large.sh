set -euo pipefail
kubectl apply -f stock.yaml
kubectl rollout status deployment/stock
kubectl scale deployment stock-broken --replicas=1
kubectl rollout status deployment/stock-broken
sed -E 's/(maxConnections|http1MaxPendingRequests): 5/\1: 100/' stock-limits.yaml | kubectl apply -f -
