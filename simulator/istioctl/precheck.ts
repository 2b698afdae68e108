import type { Run } from './command-line/command.ts'
import { withClient } from './kube/connect.ts'

/** The minor version of Kubernetes that Istio 1.31 needs. */
const oldestMinor = 31

/** What an installation needs: the rights to make its objects, and a Kubernetes that is new enough. */
const needed: readonly { group: string; resource: string; namespaced: boolean }[] = [
  { group: 'rbac.authorization.k8s.io', resource: 'clusterroles', namespaced: false },
  { group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings', namespaced: false },
  { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', namespaced: false },
  { group: '', resource: 'namespaces', namespaced: false },
  { group: 'admissionregistration.k8s.io', resource: 'mutatingwebhookconfigurations', namespaced: false },
  { group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations', namespaced: false },
  { group: 'rbac.authorization.k8s.io', resource: 'roles', namespaced: true },
  { group: '', resource: 'serviceaccounts', namespaced: true },
  { group: '', resource: 'services', namespaced: true },
  { group: 'apps', resource: 'deployments', namespaced: true },
  { group: '', resource: 'configmaps', namespaced: true },
]

export const precheck: Run = (invocation) => {
  const { io, flags } = invocation
  return withClient(invocation, async (client) => {
    const problems: string[] = []
    const { minor = '0', gitVersion } = (await client.json('GET', '/version')) as unknown as {
      minor?: string
      gitVersion?: string
    }
    if (!flags.boolean('skip-controlplane') && Number.parseInt(minor, 10) < oldestMinor) {
      problems.push(
        `Error [IST0141] (cluster) The Kubernetes Version "${gitVersion ?? minor}" is lower than the minimum version: v1.${oldestMinor}`,
      )
    }
    const namespace = flags.text('istioNamespace') ?? 'istio-system'
    for (const { group, resource, namespaced } of flags.boolean('skip-controlplane') ? [] : needed) {
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb: 'create', group, resource, ...(namespaced ? { namespace } : {}) } },
      }
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
      const answer = await client.json('POST', path, { body: JSON.stringify(review) })
      if (answer['status']?.allowed === true) continue
      problems.push(`Error [IST0139] (${resource}) Istio cannot be installed without the right to create ${resource}`)
    }
    if (problems.length > 0) {
      for (const problem of problems) io.stdout(`${problem}\n`)
      io.stderr('Error: Issues found when checking the cluster. Istio may not be safe to install or upgrade.\n')
      return 1
    }
    io.stderr('✔ No issues found when checking the cluster. Istio is safe to install or upgrade!\n')
    io.stderr('  To get started, check out https://istio.io/latest/docs/setup/getting-started/.\n')
    return 0
  })
}
