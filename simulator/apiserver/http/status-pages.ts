import { rootPaths } from '../../schema/index.ts'
import type { Kernel } from '../kernel.ts'
import type { Call } from './call.ts'
import { respond, respondText } from './respond.ts'

export const KUBERNETES_VERSION = 'v1.34.4'

const version = {
  major: '1',
  minor: '34',
  emulationMajor: '1',
  emulationMinor: '34',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '33',
  gitVersion: KUBERNETES_VERSION,
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-02-10T12:00:00Z',
  goVersion: 'go1.24.13',
  compiler: 'gc',
  platform: 'linux/amd64',
}

/** Paths that describe the server itself; false when it is none of them. */
export async function statusPage(kernel: Kernel, call: Call): Promise<boolean> {
  const { path } = call.info
  const [, first = ''] = path.split('/')
  if (path === '/version' || path === '/version/') await respond(call, { body: JSON.stringify(version, null, 2) })
  else if (['healthz', 'livez', 'readyz'].includes(first)) await health(call, path)
  else if (path === '/') await respond(call, { body: JSON.stringify({ paths: pathsOf(kernel) }, null, 2) })
  else return false
  return true
}

async function health(call: Call, path: string): Promise<void> {
  const name = path.split('/')[1]
  if (path !== `/${name}` && !rootPaths.includes(path)) return respondText(call, 404, '404 page not found\n')
  if (!call.query.has('verbose')) return respondText(call, 200, 'ok')
  const checks = rootPaths
    .filter((each) => each.startsWith(`/${name}/`))
    .map((each) => `[+]${each.slice(`/${name}/`.length)} ok\n`)
  await respondText(call, 200, `${checks.join('')}${name} check passed\n`)
}

function pathsOf(kernel: Kernel): string[] {
  const groups = new Set(rootPaths)
  for (const { group, version } of kernel.catalog.all())
    if (group !== '') {
      groups.add(`/apis/${group}`)
      groups.add(`/apis/${group}/${version}`)
    }
  return [...groups].sort()
}
