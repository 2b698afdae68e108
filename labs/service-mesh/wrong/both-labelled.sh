set -euo pipefail
kubectl create namespace mesh-demo
kubectl create namespace no-mesh
kubectl label namespace mesh-demo no-mesh istio-injection=enabled
kubectl apply -n mesh-demo -f httpbin.yaml -f curl.yaml
kubectl apply -n no-mesh -f httpbin.yaml -f curl.yaml
kubectl rollout status deployment/httpbin -n no-mesh
kubectl rollout status deployment/curl -n no-mesh
