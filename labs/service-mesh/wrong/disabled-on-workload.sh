set -euo pipefail
kubectl create namespace production
kubectl label namespace production istio-injection=enabled
kubectl apply -n production -f payments.yaml
kubectl rollout status deployment/payments -n production
kubectl apply -f strict.yaml
kubectl apply -f - <<'Y'
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: payments, namespace: production }
spec:
  selector: { matchLabels: { app: payments } }
  mtls: { mode: DISABLE }
Y
