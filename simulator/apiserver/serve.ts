import type { Kubelet, User } from '../kubernetes/index.ts'
import { Authorizer } from './authorization/rbac.ts'
import { AccountTokens } from './identity/account-tokens.ts'
import { createAuthenticator } from './identity/authenticate.ts'
import type { Credentials } from './identity/credentials.ts'
import { listen, type Listening } from './http/server.ts'
import type { Kernel } from './kernel.ts'

/** Who the learner is: an administrator, as in a cluster that kubeadm made. */
const learner: User = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }
/** The grader has all rights too, but another name in what it leaves behind. */
const grader: User = { name: 'labwright:grader', groups: ['system:masters', 'system:authenticated'] }

/** Serves the cluster's API over TLS on loopback. Port 0: any free one. */
export function serveApi(
  kernel: Kernel,
  credentials: Credentials,
  {
    port = 0,
    kubelet,
    accounts = new AccountTokens(kernel, credentials.accountKey),
  }: { port?: number; kubelet?: Kubelet; accounts?: AccountTokens } = {},
): Promise<Listening> {
  const tokens = new Map([
    [credentials.tokens.learner, learner],
    [credentials.tokens.grader, grader],
  ])
  const identity = { authorizer: new Authorizer(kernel.store), accounts, tokens }
  const authenticator = createAuthenticator(tokens, accounts)
  return listen({ kernel, identity, authenticator, ...(kubelet && { kubelet }) }, credentials, port)
}
