import http from 'node:http'
import https from 'node:https'
import type { KubeObject, NewObject, Status } from '../../kubernetes/index.ts'
import { CommandError } from '../command-line/io.ts'
import type { Connection } from './kubeconfig.ts'
import { collectionPath, objectPath } from './resources.ts'

/** client-go's default of istioctl. */
const timeoutSeconds = 15

export interface Answer {
  status: number
  body: string
}

/** The API refused; the message is the Status' own. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly code: number
  readonly reason: string

  constructor(code: number, reason: string, message: string) {
    super(message)
    this.code = code
    this.reason = reason
  }
}

/** The API over HTTP with the kubeconfig's credentials. */
export class KubeClient {
  readonly connection: Connection
  readonly #agent: http.Agent
  readonly #headers: Record<string, string>

  constructor(connection: Connection, impersonate: { user?: string | undefined; groups?: readonly string[] } = {}) {
    this.connection = connection
    const secure = connection.server.startsWith('https:')
    this.#agent = secure
      ? new https.Agent({
          keepAlive: true,
          // A resumed session carries no client certificate, and some servers take it for one.
          maxCachedSessions: 0,
          rejectUnauthorized: !connection.insecure,
          ...(connection.ca === undefined ? {} : { ca: connection.ca }),
          ...(connection.certificate === undefined ? {} : { cert: connection.certificate }),
          ...(connection.key === undefined ? {} : { key: connection.key }),
        })
      : new http.Agent({ keepAlive: true })
    this.#headers = {
      'user-agent': 'istioctl/1.31.0 (practice build)',
      ...(connection.token === undefined ? {} : { authorization: `Bearer ${connection.token}` }),
      ...(impersonate.user === undefined ? {} : { 'impersonate-user': impersonate.user }),
    }
  }

  /** Ends its connections, so that the process can end. */
  close(): void {
    this.#agent.destroy()
  }

  /** One request; resolves whatever the status is. Throws a `CommandError` in Go's words when nothing answers. */
  send(
    method: string,
    path: string,
    options: { body?: string; contentType?: string; accept?: string } = {},
  ): Promise<Answer> {
    const url = new URL(`${this.connection.server}${path}`)
    const headers = {
      accept: options.accept ?? 'application/json',
      ...this.#headers,
      ...(options.body === undefined
        ? {}
        : {
            'content-type': options.contentType ?? 'application/json',
            'content-length': String(Buffer.byteLength(options.body)),
          }),
    }
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? https : http).request(
        url,
        { method, headers, agent: this.#agent },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
          )
        },
      )
      request.setTimeout(timeoutSeconds * 1000, () => request.destroy(new Error('context deadline exceeded')))
      request.on('error', (error) => reject(unreachable(method, url, error)))
      request.end(options.body)
    })
  }

  /** The parsed object; throws `RefusedError` for every status but 2xx. */
  async json(method: string, path: string, options: { body?: string; contentType?: string } = {}): Promise<KubeObject> {
    const { status, body } = await this.send(method, path, options)
    if (status < 200 || status > 299) throw refusal(status, body)
    return JSON.parse(body)
  }

  /** Undefined when there is no such object or no such kind. */
  async get(
    apiVersion: string,
    kind: string,
    namespace: string | undefined,
    name: string,
  ): Promise<KubeObject | undefined> {
    const { status, body } = await this.send('GET', `${collectionPath(apiVersion, kind, namespace)}/${name}`)
    if (status === 404) return undefined
    if (status !== 200) throw refusal(status, body)
    return JSON.parse(body)
  }

  /** Empty when the kind is not served. */
  async list(
    apiVersion: string,
    kind: string,
    options: { namespace?: string; labels?: string } = {},
  ): Promise<KubeObject[]> {
    const query = options.labels === undefined ? '' : `?labelSelector=${encodeURIComponent(options.labels)}`
    const { status, body } = await this.send('GET', `${collectionPath(apiVersion, kind, options.namespace)}${query}`)
    if (status === 404) return []
    if (status !== 200) throw refusal(status, body)
    const items: KubeObject[] = JSON.parse(body).items ?? []
    return items.map((item) => ({ ...item, apiVersion, kind }))
  }

  /** Server-side apply, by force, as the installer does. */
  apply(object: NewObject, manager: string): Promise<KubeObject> {
    const query = `fieldManager=${manager}&force=true&timeout=${timeoutSeconds}s`
    return this.json('PATCH', `${objectPath(object)}?${query}`, {
      body: JSON.stringify(object),
      contentType: 'application/apply-patch+yaml',
    })
  }

  /** False when it was gone already. */
  async delete(object: NewObject, propagation: 'Foreground' | 'Background' = 'Foreground'): Promise<boolean> {
    const body = JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: propagation })
    const answer = await this.send('DELETE', objectPath(object), { body })
    if (answer.status === 404) return false
    if (answer.status > 299) throw refusal(answer.status, answer.body)
    return true
  }
}

function refusal(status: number, body: string): RefusedError {
  try {
    const { message, reason }: Partial<Status> = JSON.parse(body)
    if (message !== undefined) return new RefusedError(status, reason ?? '', message)
  } catch {
    // Not a Status: an unknown group or a proxy in between answers in plain text.
  }
  return new RefusedError(status, '', status === 404 ? 'the server could not find the requested resource' : body.trim())
}

function unreachable(method: string, url: URL, error: NodeJS.ErrnoException): CommandError {
  const verb = `${method.charAt(0)}${method.slice(1).toLowerCase()}`
  const host = `${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port}`
  const causes: Record<string, string> = {
    ECONNREFUSED: `dial tcp ${host}: connect: connection refused`,
    ENOTFOUND: `dial tcp: lookup ${url.hostname}: no such host`,
    ETIMEDOUT: `dial tcp ${host}: i/o timeout`,
    DEPTH_ZERO_SELF_SIGNED_CERT: 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
    SELF_SIGNED_CERT_IN_CHAIN: 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  }
  return new CommandError(`${verb} "${url.href}": ${causes[error.code ?? ''] ?? error.message}`, 1, error)
}
