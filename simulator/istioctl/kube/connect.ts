import type { Invocation } from '../command-line/command.ts'
import { KubeClient } from './client.ts'
import { readKubeconfig } from './kubeconfig.ts'

/** Runs with a client made from the flags and closes it afterwards. */
export async function withClient<T>({ flags, io }: Invocation, use: (client: KubeClient) => Promise<T>): Promise<T> {
  const connection = readKubeconfig({ file: flags.text('kubeconfig'), context: flags.text('context') }, io)
  const client = new KubeClient(connection, { user: flags.text('as'), groups: flags.list('as-group') })
  try {
    return await use(client)
  } finally {
    client.close()
  }
}

/** The namespace of `-n`, else of the context. */
export function namespaceOf({ flags }: Invocation, client: KubeClient): string {
  return flags.text('namespace') ?? client.connection.namespace
}
