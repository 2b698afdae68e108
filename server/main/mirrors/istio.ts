import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { scriptFor, type Mirror, type MirrorAnswer } from '../../workspaces/index.ts'
import { tar } from './tar.ts'

/** What the practice build stands for. */
const ISTIO_VERSION = '1.31.0'
const SCRIPT = 'https://istio.io/downloadIstio'

export interface IstioMirrorOptions {
  /** The program of our practice istioctl, and the Node that runs it. */
  istioctl: string
  node: string
  /** Where an operator may put archives of real releases, by their own names: `istio-1.31.0-linux-amd64.tar.gz`. */
  releases?: string
}

/**
 * Answers `https://istio.io/downloadIstio`: a script that fetches a release and unpacks it, and the release: the operator's own
 * archive where there is one, else a folder with our practice istioctl.
 */
export function istioMirror(options: IstioMirrorOptions): Mirror {
  return async (url) => {
    const name = /^\/downloadIstio\/(istio-[\w.-]+\.tar\.gz)$/.exec(url.pathname)?.[1]
    if (name === undefined)
      return url.pathname.replace(/\/$/, '') === '/downloadIstio' ? text(downloadScript()) : missing(url)
    const archive = (await readOwn(options.releases, name)) ?? practiceRelease(name, options)
    if (archive === undefined) return missing(url)
    return { status: 200, headers: { 'Content-Type': 'application/gzip' }, body: archive }
  }
}

function text(body: string): MirrorAnswer {
  return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body }
}

function missing(url: URL): MirrorAnswer {
  return { ...text(`There is no ${url.pathname} here: this classroom has Istio ${ISTIO_VERSION}.\n`), status: 404 }
}

async function readOwn(folder: string | undefined, name: string): Promise<Uint8Array | undefined> {
  if (folder === undefined) return undefined
  return readFile(path.join(folder, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
}

function practiceRelease(name: string, { istioctl, node }: IstioMirrorOptions): Uint8Array | undefined {
  if (!name.startsWith(`istio-${ISTIO_VERSION}-`)) return undefined
  const root = `istio-${ISTIO_VERSION}`
  return gzipSync(
    tar([
      { name: `${root}/`, mode: 0o755 },
      { name: `${root}/README.md`, mode: 0o644, text: README },
      { name: `${root}/bin/`, mode: 0o755 },
      { name: `${root}/bin/istioctl`, mode: 0o755, text: scriptFor(istioctl, node) },
    ]),
  )
}

const README = `# Istio ${ISTIO_VERSION}, practice build

\`bin/istioctl\` is a program of Labwright that stands for istioctl ${ISTIO_VERSION}: the commands of the lessons work as printed, and what it
cannot do it says in one sentence. \`istioctl version\` names it as well. The release itself is at https://github.com/istio/istio/releases.
`

/** In plain sh, as it is piped into one. `ISTIO_VERSION` and `TARGET_ARCH` choose the release. */
function downloadScript(): string {
  return `#!/bin/sh
# Fetches a release of Istio and unpacks it here.
set -eu
version="\${ISTIO_VERSION:-${ISTIO_VERSION}}"
case "\${TARGET_ARCH:-$(uname -m)}" in
  x86_64 | amd64) architecture=amd64 ;;
  aarch64 | arm64) architecture=arm64 ;;
  *) echo "There is no Istio for $(uname -m)." >&2; exit 1 ;;
esac
case "$(uname)" in
  Darwin) system=osx ;;
  *) system=linux ;;
esac
url="${SCRIPT}/istio-$version-$system-$architecture.tar.gz"
echo
echo "Downloading istio-$version from $url ..."
archive="$(mktemp)"
trap 'rm -f "$archive"' EXIT
if ! curl -fsSL "$url" -o "$archive"; then
  echo "Istio $version could not be downloaded. Choose another with ISTIO_VERSION." >&2
  exit 1
fi
tar -xzf "$archive"
echo
echo "Istio $version is in the folder $PWD/istio-$version."
echo "Put its istioctl on the path:"
echo "  export PATH=\\"\\$PATH:$PWD/istio-$version/bin\\""
echo "See whether this cluster can take it:"
echo "  istioctl x precheck"
`
}
