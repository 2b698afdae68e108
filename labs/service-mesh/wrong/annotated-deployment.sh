set -euo pipefail
kubectl annotate deployment httpbin -n mesh-demo sidecar.istio.io/proxyCPU=50m sidecar.istio.io/proxyMemory=64Mi \
  sidecar.istio.io/proxyCPULimit=500m sidecar.istio.io/proxyMemoryLimit=256Mi
