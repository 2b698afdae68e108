import { Agent, request as httpsRequest } from 'node:https'
import { serverError } from '../../protocol/errors/server.ts'

/** How to talk to a Kubernetes API as somebody. Plain data: it is handed to check runners. */
export interface Credentials {
  /** https://HOST:PORT */
  server: string
  /** PEM. */
  certificateAuthority: string
  /** Bearer token, or else the two below. */
  token?: string
  /** PEM. */
  clientCertificate?: string
  /** PEM. */
  clientKey?: string
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** A kubeconfig file with one context. JSON is YAML, and every client reads it. */
export function kubeconfigOf(credentials: Credentials, user: string): string {
  const { server, certificateAuthority, token, clientCertificate, clientKey } = credentials
  const name = 'labwright'
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: { server, 'certificate-authority-data': base64(certificateAuthority) },
      },
    ],
    users: [
      {
        name: user,
        user: {
          ...(token === undefined ? {} : { token }),
          ...(clientCertificate === undefined ? {} : { 'client-certificate-data': base64(clientCertificate) }),
          ...(clientKey === undefined ? {} : { 'client-key-data': base64(clientKey) }),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user, namespace: 'default' } }],
    'current-context': name,
  }
  return `${JSON.stringify(config, null, 2)}\n`
}

export interface ApiAnswer {
  status: number
  /** Parsed JSON; the text where it is none. */
  body: unknown
}

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  body?: string
  contentType?: string
  signal: AbortSignal
}

/** A thin client of one Kubernetes API: keeps its connections, trusts the cluster's authority alone. */
export interface ApiClient extends Disposable {
  /** @throws API_UNREACHABLE when no answer came; an answer of any status is an answer. */
  request(path: string, options: ApiRequest): Promise<ApiAnswer>
}

/** Of one answer; a list of all pods of a lab is far below it. */
const MAXIMUM_ANSWER_BYTES = 32 * 1024 * 1024

/** Whom a connection trusts, and the certificate that it shows. */
export function tlsOf({ certificateAuthority, clientCertificate, clientKey }: Credentials) {
  return {
    ca: certificateAuthority,
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
    ...(clientKey === undefined ? {} : { key: clientKey }),
  }
}

export function authorizationOf({ token }: Credentials): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

export function connectApi(credentials: Credentials): ApiClient {
  const { server } = credentials
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ...tlsOf(credentials) })
  const send = (path: string, { method = 'GET', body, contentType = 'application/json', signal }: ApiRequest) =>
    new Promise<ApiAnswer>((resolve, reject) => {
      const headers: Record<string, string> = { ...authorizationOf(credentials), accept: 'application/json' }
      if (body !== undefined) headers['content-type'] = contentType
      const request = httpsRequest(new URL(path, server), { agent, method, headers, signal }, (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > MAXIMUM_ANSWER_BYTES) response.destroy(new Error('the answer is larger than 32 MiB'))
          else chunks.push(chunk)
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString()) }),
        )
      })
      request.on('error', reject)
      request.end(body)
    })
  return {
    async request(path, options) {
      try {
        return await send(path, options)
      } catch (error) {
        options.signal.throwIfAborted()
        throw serverError('API_UNREACHABLE', { server, reason: (error as Error).message }, error)
      }
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Path of a kind's collection: `/api/v1/namespaces/default/pods`, `/apis/apps/v1/deployments`. */
export function collectionPath(apiVersion: string, plural: string, namespace?: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`
}
