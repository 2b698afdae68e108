import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { timed } from '../measure.ts'

const run = promisify(execFile)

/** As anybody makes a cluster with kind; milliseconds until its node is ready. */
export async function bareKind(folder: string): Promise<number> {
  const name = `bench-${randomBytes(3).toString('hex')}`
  const image = process.env['LABWRIGHT_NODE_IMAGE']
  const kubeconfig = `${folder}/${name}`
  const args = ['create', 'cluster', '--name', name, '--wait', '90s', '--kubeconfig', kubeconfig]
  try {
    return await timed(() => run('kind', image === undefined ? args : [...args, '--image', image]))
  } finally {
    await run('kind', ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig])
  }
}
