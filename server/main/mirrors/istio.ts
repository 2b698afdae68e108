import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { scriptFor, type Mirror, type MirrorAnswer } from '../../workspaces/index.ts'
import { tar } from './tar.ts'

/** What the practice build stands for. */
const ISTIO_VERSION = '1.31.0'
const SCRIPT = 'https://istio.io/downloadIstio'

/** Where the image of learners' shells has the operator's. */
const IN_WORKSPACE = '/usr/local/bin/istioctl'
const VERSION_MILLISECONDS = 20_000

export interface IstioMirrorOptions {
  /** An istioctl of the operator, which shells can run: a release with it is handed out, and not the practice build. */
  own?: string
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
  let known: string | undefined
  return async (url) => {
    const version = (known ??= options.own === undefined ? ISTIO_VERSION : await versionOf(options.own))
    const name = /^\/downloadIstio\/(istio-[\w.-]+\.tar\.gz)$/.exec(url.pathname)?.[1]
    if (name === undefined)
      return url.pathname.replace(/\/$/, '') === '/downloadIstio'
        ? text(downloadScript(version))
        : missing(url, version)
    const archive = (await readOwn(options.releases, name)) ?? release(name, version, options)
    if (archive === undefined) return missing(url, version)
    return { status: 200, headers: { 'Content-Type': 'application/gzip' }, body: archive }
  }
}

function text(body: string): MirrorAnswer {
  return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body }
}

function missing(url: URL, version: string): MirrorAnswer {
  return { ...text(`There is no ${url.pathname} here: this classroom has Istio ${version}.\n`), status: 404 }
}

async function readOwn(folder: string | undefined, name: string): Promise<Uint8Array | undefined> {
  if (folder === undefined) return undefined
  return readFile(path.join(folder, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
}

/** `1.31.0`, as it says itself. @throws when it cannot be run */
async function versionOf(istioctl: string): Promise<string> {
  const args = ['version', '--remote=false', '--output', 'json']
  const { stdout } = await promisify(execFile)(istioctl, args, { timeout: VERSION_MILLISECONDS })
  return (JSON.parse(stdout) as { clientVersion: { version: string } }).clientVersion.version
}

function release(name: string, version: string, { istioctl, own, node }: IstioMirrorOptions): Uint8Array | undefined {
  if (!name.startsWith(`istio-${version}-`)) return undefined
  const root = `istio-${version}`
  return gzipSync(
    tar([
      { name: `${root}/`, mode: 0o755 },
      { name: `${root}/README.md`, mode: 0o644, text: own === undefined ? PRACTICE : ownReadme(version) },
      { name: `${root}/bin/`, mode: 0o755 },
      {
        name: `${root}/bin/istioctl`,
        mode: 0o755,
        text: own === undefined ? scriptFor(istioctl, node) : ownScript(own),
      },
    ]),
  )
}

const PRACTICE = `# Istio ${ISTIO_VERSION}, practice build

\`bin/istioctl\` is a program of Labwright that stands for istioctl ${ISTIO_VERSION}: the commands of the lessons work as printed, and what it
cannot do it says in one sentence. \`istioctl version\` names it as well. The release itself is at https://github.com/istio/istio/releases.
`

const ownReadme = (version: string) => `# Istio ${version}

\`bin/istioctl\` is the istioctl of this classroom. The release itself is at https://github.com/istio/istio/releases.
`

/** A hundred megabytes need not be packed for each download: shells have it, at its own path or at that of their image. */
const ownScript = (own: string) => `#!/bin/sh
for istioctl in '${own.replaceAll("'", String.raw`'\''`)}' ${IN_WORKSPACE}; do
  if [ -x "$istioctl" ]; then exec "$istioctl" "$@"; fi
done
echo 'istioctl: this classroom has one, but not in this shell. Tell whoever runs it.' >&2
exit 127
`

/** In plain sh, as it is piped into one. `ISTIO_VERSION` and `TARGET_ARCH` choose the release. */
function downloadScript(latest: string): string {
  return `#!/bin/sh
# Fetches a release of Istio and unpacks it here.
set -eu
version="\${ISTIO_VERSION:-${latest}}"
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
