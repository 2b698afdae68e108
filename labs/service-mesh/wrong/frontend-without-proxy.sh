set -euo pipefail
kubectl label namespace default istio-injection-
kubectl apply -f frontend.yaml
kubectl rollout status deployment/frontend
kubectl label namespace default istio-injection=enabled
kubectl apply -f policies.yaml
