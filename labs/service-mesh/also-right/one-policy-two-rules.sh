set -euo pipefail
kubectl apply -f frontend.yaml
kubectl rollout status deployment/frontend
kubectl apply -f - <<'Y'
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: payments, namespace: production }
spec:
  action: ALLOW
  rules:
  - from: [{ source: { principals: ["cluster.local/ns/default/sa/frontend"] } }]
    to: [{ operation: { methods: ["GET"] } }]
  - from: [{ source: { principals: ["cluster.local/ns/default/sa/frontend"] } }]
    to: [{ operation: { methods: ["POST"] } }]
Y
