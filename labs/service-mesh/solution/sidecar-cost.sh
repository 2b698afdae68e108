set -euo pipefail
kubectl patch deployment httpbin -n mesh-demo --patch-file proxy-size.yaml
kubectl rollout status deployment/httpbin -n mesh-demo
