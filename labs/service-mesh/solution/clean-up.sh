set -euo pipefail
kubectl delete namespace mesh-demo no-mesh
rm -f /tmp/mesh-diagnosis.sh
