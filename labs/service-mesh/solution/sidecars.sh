set -euo pipefail
kubectl create namespace mesh-demo
kubectl create namespace no-mesh
kubectl apply -n mesh-demo -f httpbin.yaml
kubectl apply -n no-mesh -f httpbin.yaml -f curl.yaml
kubectl label namespace mesh-demo istio-injection=enabled
kubectl apply -n mesh-demo -f curl.yaml
kubectl rollout restart deployment/httpbin -n mesh-demo
kubectl rollout status deployment/httpbin -n mesh-demo
kubectl rollout status deployment/curl -n mesh-demo
kubectl rollout status deployment/curl -n no-mesh
