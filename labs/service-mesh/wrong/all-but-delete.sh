set -euo pipefail
kubectl apply -f frontend.yaml
kubectl rollout status deployment/frontend
sed 's/methods: \["GET", "POST"\]/notMethods: ["DELETE"]/' policies.yaml | kubectl apply -f -
