import type { InstallSettings } from './settings.ts'
import { istioVersion } from './version.ts'

/** The component of the installer that an object belongs to; uninstall and pruning select by it. */
export type Component = 'Base' | 'Pilot' | 'IngressGateways' | 'EgressGateways'

export interface LabelFacts {
  component: Component
  chart: 'base' | 'istiod' | 'istio-ingress' | 'istio-egress'
  /** `app.kubernetes.io/name`; absent on CRDs. */
  name?: string
  app?: string
  istio?: string
  /** True where the charts also write `owning-resource: unknown`. */
  owned?: boolean
}

export function revisionOf(settings: Pick<InstallSettings, 'revision'>): string {
  return settings.revision === '' ? 'default' : settings.revision
}

/** `-canary` for names of objects of a revision, nothing for the default one. */
export function revisionSuffix(settings: Pick<InstallSettings, 'revision'>): string {
  return settings.revision === '' || settings.revision === 'default' ? '' : `-${settings.revision}`
}

export function objectLabels(settings: InstallSettings, facts: LabelFacts): Record<string, string> {
  return {
    ...(facts.app === undefined ? {} : { app: facts.app }),
    'app.kubernetes.io/instance': 'istio',
    'app.kubernetes.io/managed-by': 'Helm',
    ...(facts.name === undefined ? {} : { 'app.kubernetes.io/name': facts.name }),
    'app.kubernetes.io/part-of': 'istio',
    'app.kubernetes.io/version': '1.0.0',
    'helm.sh/chart': `${facts.chart}-1.0.0`,
    ...(facts.owned === true ? { 'install.operator.istio.io/owning-resource': 'unknown' } : {}),
    'install.operator.istio.io/owning-resource-namespace': settings.namespace,
    ...(facts.istio === undefined ? {} : { istio: facts.istio }),
    'istio.io/rev': revisionOf(settings),
    'operator.istio.io/component': facts.component,
    'operator.istio.io/managed': 'Reconcile',
    'operator.istio.io/version': istioVersion,
    ...(facts.name === undefined ? {} : { release: 'istio' }),
  }
}

/** Labels of the pods that a Deployment of the installer makes: the objects' own without those that change with a version. */
export function podLabels(
  labels: Record<string, string>,
  more: Record<string, string>,
  without: readonly string[] = [],
): Record<string, string> {
  const left = [
    'install.operator.istio.io/owning-resource-namespace',
    'operator.istio.io/managed',
    'operator.istio.io/version',
    ...without,
  ]
  return { ...Object.fromEntries(Object.entries(labels).filter(([key]) => !left.includes(key))), ...more }
}
