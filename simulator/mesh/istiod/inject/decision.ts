import { matchesSelector } from '../../../kubernetes/index.ts'
import { isTree, type Tree, type TreeValue } from '../install/tree.ts'
import type { Pod } from './pod.ts'

/** Where a sidecar never goes, whatever the labels say. */
const ignoredNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']

const injectKey = 'sidecar.istio.io/inject'

/**
 * Whether the injector acts on a pod that the API server has sent it. The selectors of the webhook have been passed by then.
 * Only the exact words `true` and `false` decide; the label is asked before the annotation; then the selectors of the
 * configuration, then its policy.
 */
export function injectionRequired(pod: Pod, namespace: string, config: Tree): boolean {
  if (pod.spec.hostNetwork === true) return false
  if (ignoredNamespaces.includes(namespace)) return false
  const wish = pod.metadata.labels?.[injectKey] ?? pod.metadata.annotations?.[injectKey]
  if (wish === 'true') return true
  if (wish === 'false') return false
  const labels = pod.metadata.labels ?? {}
  if (anySelects(config['neverInjectSelector'], labels)) return false
  if (anySelects(config['alwaysInjectSelector'], labels)) return true
  return config['policy'] !== 'disabled'
}

function anySelects(selectors: TreeValue, labels: Record<string, string>): boolean {
  return (
    Array.isArray(selectors) &&
    selectors.some((selector) => isTree(selector) && !isEmpty(selector) && matchesSelector(selector, labels))
  )
}

function isEmpty(selector: Tree): boolean {
  const { matchLabels, matchExpressions } = selector
  return (
    !(isTree(matchLabels) && Object.keys(matchLabels).length > 0) &&
    !(Array.isArray(matchExpressions) && matchExpressions.length > 0)
  )
}
