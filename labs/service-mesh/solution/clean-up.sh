set -euo pipefail
kubectl delete namespace mesh-demo no-mesh
