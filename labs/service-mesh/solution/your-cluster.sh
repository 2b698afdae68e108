set -euo pipefail
kubectl create namespace playground
