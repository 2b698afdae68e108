set -euo pipefail
kubectl create namespace mesh-demo
kubectl create namespace no-mesh
kubectl apply -n mesh-demo -f httpbin.yaml -f curl.yaml
kubectl apply -n no-mesh -f httpbin.yaml -f curl.yaml
kubectl rollout status deployment/httpbin -n mesh-demo
kubectl label namespace mesh-demo istio-injection=enabled
