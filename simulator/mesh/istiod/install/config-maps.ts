import { stringify } from 'yaml'
import type { NewObject } from '../../../kubernetes/index.ts'
import { objectLabels, revisionOf, revisionSuffix } from './labels.ts'
import type { InstallSettings } from './settings.ts'
import { at, merge, type Tree } from './tree.ts'
import { defaultValues } from './values.ts'

/** The mesh configuration of a new installation. */
export function meshConfigOf(settings: InstallSettings): Tree {
  const defaults: Tree = {
    defaultConfig: { discoveryAddress: `istiod${revisionSuffix(settings)}.${settings.namespace}.svc:15012` },
    defaultProviders: { metrics: ['prometheus'] },
    enablePrometheusMerge: true,
    rootNamespace: settings.namespace,
    trustDomain: 'cluster.local',
  }
  return merge(defaults, settings.meshConfig)
}

/** The values as the injector and `ConfigMap values` hold them. */
export function mergedValues(settings: InstallSettings): Tree {
  const global: Tree = {
    ...(settings.hub === undefined ? {} : { hub: settings.hub }),
    ...(settings.tag === undefined ? {} : { tag: settings.tag }),
    istioNamespace: settings.namespace,
  }
  return merge(merge(merge(defaultValues, { global }), settings.values), {
    revision: settings.revision === 'default' ? '' : settings.revision,
  })
}

/** The templates that a real installation has; this istiod fills the first one only. */
const templateNames = [
  'sidecar',
  'gateway',
  'grpc-simple',
  'grpc-agent',
  'waypoint',
  'kube-gateway',
  'agentgateway',
  'agentgateway-waypoint',
]

/**
 * What the injector is configured by. The sidecar itself is built by this istiod's own code, so its template is named but empty:
 * policy, selectors and annotations are what can be changed here.
 */
export function injectorConfig(values: Tree): Tree {
  const webhook = at(values, 'sidecarInjectorWebhook')
  const templates: Tree = Object.fromEntries(templateNames.map((name) => [name, '']))
  const chosen = at(webhook, 'defaultTemplates')
  return {
    defaultTemplates: Array.isArray(chosen) && chosen.length > 0 ? chosen : ['sidecar'],
    policy: at(values, 'global', 'proxy', 'autoInject') ?? 'enabled',
    alwaysInjectSelector: at(webhook, 'alwaysInjectSelector') ?? [],
    neverInjectSelector: at(webhook, 'neverInjectSelector') ?? [],
    injectedAnnotations: at(webhook, 'injectedAnnotations') ?? {},
    templates,
  }
}

export function configMaps(settings: InstallSettings): NewObject[] {
  const labels = objectLabels(settings, { component: 'Pilot', chart: 'istiod', name: 'istiod', owned: true })
  const values = mergedValues(settings)
  const injected = Object.fromEntries(
    ['gateways', 'global', 'pilot', 'revision', 'sidecarInjectorWebhook'].map((key) => [key, values[key]]),
  )
  const configMap = (name: string, data: Record<string, string>, annotations?: Record<string, string>): NewObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: `${name}${revisionSuffix(settings)}`,
      namespace: settings.namespace,
      labels,
      ...(annotations === undefined ? {} : { annotations }),
    },
    data,
  })
  return [
    configMap('istio', { mesh: stringify(meshConfigOf(settings)), meshNetworks: 'networks: {}' }),
    configMap('istio-sidecar-injector', {
      config: stringify(injectorConfig(values)),
      values: JSON.stringify(injected, undefined, 2),
    }),
    configMap(
      'values',
      {
        'original-values': JSON.stringify({ ...settings.values, revision: revisionOf(settings) }, undefined, 2),
        'merged-values': JSON.stringify(values, undefined, 2),
      },
      {
        'kubernetes.io/description':
          'The values that this installation was made with, kept for reading only: changing them has no effect.',
      },
    ),
  ]
}
