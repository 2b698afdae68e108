import path from 'node:path'
import packageJson from '../../../package.json' with { type: 'json' }
import { DockerEngine } from '../../../server/provisioner/docker/docker-engine.ts'
import { defaultNodeImage } from '../../../server/provisioner/docker/kind-config.ts'

const templates = path.resolve(import.meta.dirname, '../../../kind-config')
const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
)

export const engine = new DockerEngine({
  environment,
  templates,
  hasFirewall: process.env['LABWRIGHT_FIREWALL'] !== 'off',
  nodeImage: process.env['LABWRIGHT_NODE_IMAGE'] ?? defaultNodeImage(templates),
  workspaceImage: process.env['LABWRIGHT_WORKSPACE_IMAGE'] ?? `labwright/workspace:${packageJson.version}`,
})

/** Says in one sentence what this machine lacks, before anything is tried. */
export async function setup(): Promise<void> {
  try {
    await engine.check(AbortSignal.timeout(30_000))
  } catch (error) {
    console.error(`\nnpm run test:kind: ${(error as Error).message}\n`)
    throw error
  }
}
