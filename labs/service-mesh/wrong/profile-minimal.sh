set -euo pipefail
curl -sSL https://istio.io/downloadIstio | sh -
cd istio-*
export PATH=$PWD/bin:$PATH
istioctl install --set profile=minimal -y
kubectl label namespace default istio-injection=enabled
