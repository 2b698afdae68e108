set -euo pipefail
kubectl apply -f frontend.yaml
kubectl rollout status deployment/frontend
kubectl apply -f - <<'Y'
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: deny-all, namespace: production }
spec:
  action: DENY
Y
