import type { NewObject } from '../../../kubernetes/index.ts'
import { objectLabels, revisionOf, revisionSuffix } from './labels.ts'
import type { InstallSettings } from './settings.ts'

type Expression = { key: string; operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'; values?: string[] }

const isIn = (key: string, ...values: string[]): Expression => ({ key, operator: 'In', values })
const notIn = (key: string, ...values: string[]): Expression => ({ key, operator: 'NotIn', values })
const absent = (key: string): Expression => ({ key, operator: 'DoesNotExist' })

const injectionLabel = 'istio-injection'
const podLabel = 'sidecar.istio.io/inject'
const revisionLabel = 'istio.io/rev'

function injector(
  settings: InstallSettings,
  name: string,
  namespaces: object,
  objects: object,
): Record<string, unknown> {
  return {
    name: `${name}.sidecar-injector.istio.io`,
    clientConfig: {
      service: { name: `istiod${revisionSuffix(settings)}`, namespace: settings.namespace, path: '/inject', port: 443 },
    },
    sideEffects: 'None',
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
    failurePolicy: 'Fail',
    reinvocationPolicy: 'Never',
    admissionReviewVersions: ['v1'],
    namespaceSelector: namespaces,
    objectSelector: objects,
  }
}

/** Which pods a revision (or a tag of it) injects: namespace by revision, pod by revision, and for the default one the old labels. */
function selectors(
  revision: string,
  isDefault: boolean,
): [name: string, namespaces: Expression[], objects: Expression[]][] {
  return [
    ['rev.namespace', [isIn(revisionLabel, revision), absent(injectionLabel)], [notIn(podLabel, 'false')]],
    [
      'rev.object',
      [absent(revisionLabel), absent(injectionLabel)],
      [notIn(podLabel, 'false'), isIn(revisionLabel, revision)],
    ],
    ...(isDefault
      ? ([
          ['namespace', [isIn(injectionLabel, 'enabled')], [notIn(podLabel, 'false')]],
          ['object', [absent(injectionLabel), absent(revisionLabel)], [isIn(podLabel, 'true'), absent(revisionLabel)]],
        ] satisfies [string, Expression[], Expression[]][])
      : []),
  ]
}

/** The revision's own injector. While a default tag exists it is switched off: its selectors match nothing. */
export function injectorWebhook(settings: InstallSettings, options: { deactivated: boolean }): NewObject {
  const labels = objectLabels(settings, {
    component: 'Pilot',
    chart: 'istiod',
    name: 'istiod',
    app: 'sidecar-injector',
    owned: true,
  })
  const never = { matchLabels: { 'istio.io/deactivated': 'never-match' } }
  const isDefault = revisionOf(settings) === 'default'
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: `istio-sidecar-injector${revisionSuffix(settings)}${namespaceSuffix(settings)}`, labels },
    webhooks: selectors(revisionOf(settings), isDefault).map(([name, namespaces, objects]) =>
      options.deactivated
        ? injector(settings, name, never, never)
        : injector(settings, name, { matchExpressions: namespaces }, { matchExpressions: objects }),
    ),
  }
}

/** The charts put the namespace into the name only where it is not the usual one. */
function namespaceSuffix(settings: InstallSettings): string {
  return settings.namespace === 'istio-system' ? '' : `-${settings.namespace}`
}

/** A revision tag: a webhook that injects for the tag's name with the revision's istiod. */
export function tagWebhook(settings: InstallSettings, tag: string): NewObject {
  const labels = objectLabels(settings, {
    component: 'Pilot',
    chart: 'istiod',
    name: 'istiod',
    app: 'sidecar-injector',
    owned: true,
  })
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: `istio-revision-tag-${tag}`, labels: { ...labels, ...tagLabels(tag) } },
    webhooks: selectors(tag, tag === 'default').map(([name, namespaces, objects]) =>
      injector(settings, name, { matchExpressions: namespaces }, { matchExpressions: objects }),
    ),
  }
}

export function tagLabels(tag: string): Record<string, string> {
  return { 'install.operator.istio.io/owning-resource-not-pruned': 'true', 'istio.io/tag': tag }
}

function validator(settings: InstallSettings, name: string, objects: Expression): Record<string, unknown> {
  return {
    name,
    clientConfig: {
      service: {
        name: `istiod${revisionSuffix(settings)}`,
        namespace: settings.namespace,
        path: '/validate',
        port: 443,
      },
    },
    rules: [
      {
        operations: ['CREATE', 'UPDATE'],
        apiGroups: ['security.istio.io', 'networking.istio.io', 'telemetry.istio.io', 'extensions.istio.io'],
        apiVersions: ['*'],
        resources: ['*'],
      },
    ],
    // istiod sets it to Fail as soon as its own validation works.
    failurePolicy: 'Ignore',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    objectSelector: { matchExpressions: [objects] },
  }
}

/** Validation of a revision's own configuration. */
export function revisionValidator(settings: InstallSettings): NewObject {
  const labels = objectLabels(settings, {
    component: 'Pilot',
    chart: 'istiod',
    name: 'istiod',
    app: 'istiod',
    istio: 'istiod',
  })
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: `istio-validator${revisionSuffix(settings)}-${settings.namespace}`, labels },
    webhooks: [validator(settings, 'rev.validation.istio.io', isIn(revisionLabel, revisionOf(settings)))],
  }
}

/** Validation of everything that names no revision. */
export function defaultValidator(settings: InstallSettings): NewObject {
  const labels = objectLabels(settings, {
    component: 'Pilot',
    chart: 'istiod',
    name: 'istiod',
    app: 'istiod',
    istio: 'istiod',
    owned: true,
  })
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'istiod-default-validator', labels: { ...labels, ...tagLabels('default') } },
    webhooks: [validator(settings, 'validation.istio.io', absent(revisionLabel))],
  }
}
