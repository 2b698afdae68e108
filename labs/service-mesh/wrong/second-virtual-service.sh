set -euo pipefail
kubectl apply -f reviews.yaml
kubectl wait --for=condition=Available --timeout=30s deployment -l app=reviews
kubectl apply -f - <<'Y'
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: all-to-v1 }
spec:
  hosts: [reviews]
  http:
  - route:
    - destination: { host: reviews, subset: v1 }
Y
sleep 1
kubectl apply -f canary.yaml
