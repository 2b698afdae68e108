set -euo pipefail
kubectl patch deployment httpbin -n mesh-demo --patch-file smaller-proxy.yaml
kubectl rollout status deployment/httpbin -n mesh-demo
