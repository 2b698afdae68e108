import type { NewObject } from '../../../kubernetes/index.ts'
import { baseObjects } from './base.ts'
import { configMaps } from './config-maps.ts'
import { gatewayObjects, type GatewayKind } from './gateways.ts'
import { revisionOf, revisionSuffix } from './labels.ts'
import {
  autoscaler,
  istiodDeployment,
  istiodLabels,
  istiodPorts,
  istiodService,
  istiodServiceAccount,
} from './pilot.ts'
import { istiodRbac } from './rbac.ts'
import { installSettings, type InstallRequest, type InstallSettings } from './settings.ts'
import { at, flagAt, type Tree } from './tree.ts'
import { defaultValidator, injectorWebhook, revisionValidator, tagLabels, tagWebhook } from './webhooks.ts'

/** What istioctl installs and waits for as one: its name in the progress lines, and its objects in the order of applying. */
export interface InstallComponent {
  id: 'Base' | 'Pilot' | 'EgressGateways' | 'IngressGateways'
  objects: NewObject[]
}

/** The enabled components, first to last. Throws `InstallSettingsError` for settings that istioctl would refuse. */
export function installComponents(settings: InstallSettings): InstallComponent[] {
  const { base, pilot, ingressGateways, egressGateways } = settings.components
  const gateways = (kind: GatewayKind, list: Tree[]): NewObject[] =>
    list.filter((gateway) => flagAt(gateway, 'enabled')).flatMap((gateway) => gatewayObjects(settings, kind, gateway))
  const components: InstallComponent[] = [
    { id: 'Base', objects: flagAt(base, 'enabled') ? baseObjects(settings) : [] },
    { id: 'Pilot', objects: flagAt(pilot, 'enabled') ? pilotObjects(settings) : [] },
    { id: 'EgressGateways', objects: gateways('egress', egressGateways) },
    { id: 'IngressGateways', objects: gateways('ingress', ingressGateways) },
  ]
  return components.filter((component) => component.objects.length > 0)
}

function pilotObjects(settings: InstallSettings): NewObject[] {
  const name = `istiod${revisionSuffix(settings)}`
  const scaled = at(settings.values, 'pilot', 'autoscaleEnabled') !== false
  const { istio: _, ...labels } = istiodLabels(settings)
  return [
    istiodServiceAccount(settings),
    ...istiodRbac(settings),
    ...configMaps(settings),
    istiodService(settings),
    istiodDeployment(settings),
    ...(scaled ? [autoscaler(settings, name, labels)] : []),
    injectorWebhook(settings, { deactivated: false }),
    revisionValidator(settings),
  ]
}

/**
 * What makes this revision the one that unnamed namespaces use: the default tag's injector, the service it calls and the validator
 * of configuration without a revision. The revision's own injector steps back.
 */
export function defaultTagObjects(settings: InstallSettings): NewObject[] {
  return [
    ...(revisionOf(settings) === 'default' ? [injectorWebhook(settings, { deactivated: true })] : []),
    tagWebhook(settings, 'default'),
    defaultValidator(settings),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'istiod-revision-tag-default',
        namespace: settings.namespace,
        labels: { ...istiodLabels(settings), ...tagLabels('default') },
      },
      spec: { ports: istiodPorts, selector: { app: 'istiod', 'istio.io/rev': revisionOf(settings) } },
    },
  ]
}

/**
 * All objects of an installation in the order in which they can be created, the namespace first: for clusters that begin with Istio.
 * `set` takes what `istioctl install --set` takes.
 */
export function istioManifests(request: InstallRequest = {}): NewObject[] {
  const settings = installSettings(request)
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: settings.namespace } }
  const components = installComponents(settings).flatMap((component) => component.objects)
  const tag = flagAt(settings.components.pilot, 'enabled') ? defaultTagObjects(settings) : []
  const replaced = new Set(tag.map(identity))
  return [namespace, ...components.filter((object) => !replaced.has(identity(object))), ...tag]
}

function identity(object: NewObject): string {
  return `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`
}
