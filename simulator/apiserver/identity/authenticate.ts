import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { User } from '../../kubernetes/index.ts'
import { unauthorized, type AccountTokens } from './account-tokens.ts'

export const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

export interface Authenticator {
  /** Throws 401 when credentials are given that are no good. */
  user(request: IncomingMessage): User
}

export function createAuthenticator(tokens: ReadonlyMap<string, User>, accounts: AccountTokens): Authenticator {
  const bySocket = new WeakMap<object, User | null>()
  return {
    user(request) {
      const certified = certificateUser(request.socket as TLSSocket, bySocket)
      if (certified) return certified
      const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ')
      if (scheme.toLowerCase() !== 'bearer' || token === '')
        return webSocketToken(request, tokens, accounts) ?? anonymous
      return known(token, tokens, accounts)
    },
  }
}

function known(token: string, tokens: ReadonlyMap<string, User>, accounts: AccountTokens): User {
  const user = tokens.get(token) ?? accounts.user(token)
  if (user === undefined) throw unauthorized()
  return user
}

/** Browsers cannot set headers on a WebSocket: the token comes as a subprotocol `base64url.bearer.authorization.k8s.io.TOKEN`. */
function webSocketToken(
  request: IncomingMessage,
  tokens: ReadonlyMap<string, User>,
  accounts: AccountTokens,
): User | undefined {
  const prefix = 'base64url.bearer.authorization.k8s.io.'
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((text) => text.trim())
  const found = offered.find((protocol) => protocol.startsWith(prefix))
  return found === undefined
    ? undefined
    : known(Buffer.from(found.slice(prefix.length), 'base64url').toString(), tokens, accounts)
}

function certificateUser(socket: TLSSocket, bySocket: WeakMap<object, User | null>): User | undefined {
  let user = bySocket.get(socket)
  if (user === undefined) {
    user = null
    // A resumed TLS session counts as authorized although it shows no certificate: then nobody is named.
    const subject = socket.authorized ? socket.getPeerCertificate().subject : undefined
    if (subject?.CN !== undefined) {
      const organizations = ([] as string[]).concat(
        (subject as unknown as Record<string, string | string[]>)['O'] ?? [],
      )
      const name = String(subject.CN)
      user = { name, groups: [...organizations, 'system:authenticated'] }
    }
    bySocket.set(socket, user)
  }
  return user ?? undefined
}
