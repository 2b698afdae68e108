import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { connectApi } from '../../../server/clusters/index.ts'

/** Asks a session's cluster as its learner does, with the kubeconfig of the workspace. */
export async function asLearner(
  data: string,
  session: string,
  method: 'GET' | 'POST',
  url: string,
  body?: object,
): Promise<{ status: number; body: unknown }> {
  const file = path.join(data, 'workspaces', session, 'home', '.kube', 'config')
  const config = JSON.parse(await readFile(file, 'utf8')) as {
    clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }]
    users: [{ user: { token: string } }]
  }
  const { server, 'certificate-authority-data': authority } = config.clusters[0].cluster
  const api = connectApi({
    server,
    certificateAuthority: Buffer.from(authority, 'base64').toString(),
    token: config.users[0].user.token,
  })
  try {
    return await api.request(url, {
      method,
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } finally {
    api[Symbol.dispose]()
  }
}

export function makeNamespace(data: string, session: string, name: string): Promise<{ status: number; body: unknown }> {
  return asLearner(data, session, 'POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  })
}
