import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { readFacts } from '../../../../test/support/facts.ts'
import { matchesSelector, type KubeObject, type NewObject } from '../../../kubernetes/index.ts'
import { installSettings, istioManifests, merge, tagWebhook, type Tree } from '../install/index.ts'
import { inject, InjectionError, type InjectorSettings, type Pod } from './index.ts'

interface Recorded {
  name: string
  namespace: string
  namespaceLabels: Record<string, string>
  pod?: Pod
  workload?: KubeObject
  generateName?: string
  status: number
  message?: string
  initContainers?: Record<string, unknown>[]
  containers?: Record<string, unknown>[]
  volumes?: Record<string, unknown>[]
  annotationsAdded?: Record<string, string>
  labelsAdded?: Record<string, string>
}

const rows: Recorded[] = readFacts('istio-1.31/injection.json')
const objects = istioManifests({ profile: 'demo' })
const webhooks: KubeObject[] = tagWebhook(installSettings({ profile: 'demo' }), 'default')['webhooks']

/** Rows whose outcome is another room's (pod security, validation of the pod) or that need what this injector refuses. */
const elsewhere: Record<string, string> = {
  'namespace baseline': 'pod security refuses it afterwards',
  'status port 0 annotation': 'the API server refuses port 0 afterwards',
  'classic: status port 0 annotation': 'the API server refuses port 0 afterwards',
  'classic: own istio-proxy as init sidecar': 'the API server refuses the duplicate name afterwards',
  'templates with space': 'the API server refuses the duplicate name afterwards',
  'templates gateway with auto image': 'template gateway is not supported',
  'userVolume bad': 'names a line of the template',
}

const changedSettings: Record<string, { values?: Tree; config?: Tree }> = {
  'values: imagePullSecrets': { values: { global: { imagePullSecrets: ['pull'] } } },
  'values: proxy privileged': { values: { global: { proxy: { privileged: true } } } },
  'values: logAsJson': { values: { global: { logAsJson: true } } },
  'values: logLevel': { values: { global: { proxy: { logLevel: 'info' } } } },
  'values: variant distroless': { values: { global: { variant: 'distroless' } } },
  'values: imagePullPolicy': { values: { global: { imagePullPolicy: 'Always' } } },
  'values: nativeNftables': { values: { global: { nativeNftables: true } } },
  'config: policy disabled': { config: { policy: 'disabled' } },
  'config: policy disabled, annotation inject true': { config: { policy: 'disabled' } },
  'config: policy disabled, label inject true': { config: { policy: 'disabled' } },
}

function settingsFor(name: string): InjectorSettings {
  const change = changedSettings[name] ?? {}
  const data = (configMap: string): Record<string, string> => find('ConfigMap', configMap)['data']
  return {
    config: merge(parse(data('istio-sidecar-injector')['config'] ?? ''), change.config ?? {}),
    values: merge(JSON.parse(data('istio-sidecar-injector')['values'] ?? ''), change.values ?? {}),
    meshConfig: parse(data('istio')['mesh'] ?? ''),
    revision: '',
    nativeSidecars: !name.startsWith('classic:'),
  }
}

function find(kind: string, name: string): NewObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name)
  if (found === undefined) throw new Error(`${kind} ${name} is not installed`)
  return found
}

/** The defaulting of the API server before webhooks, as far as the recorded pods need it. */
function defaulted(pod: Pod): Pod {
  const result = structuredClone(pod)
  const mount = {
    name: 'kube-api-access-<rnd>',
    readOnly: true,
    mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
  }
  for (const container of [...result.spec.containers, ...(result.spec.initContainers ?? [])]) {
    for (const port of container.ports ?? []) port.protocol ??= 'TCP'
    for (const kind of ['readinessProbe', 'livenessProbe', 'startupProbe'] as const) {
      const probe = container[kind]
      if (probe === undefined) continue
      if (probe.httpGet)
        container[kind] = {
          ...probe,
          httpGet: { ...probe.httpGet, path: probe.httpGet.path ?? '/', scheme: probe.httpGet.scheme ?? 'HTTP' },
        }
      container[kind] = {
        timeoutSeconds: 1,
        periodSeconds: 10,
        successThreshold: 1,
        failureThreshold: 3,
        ...container[kind],
      }
    }
    for (const hook of [container.lifecycle?.preStop, container.lifecycle?.postStart]) {
      if (hook?.httpGet) hook.httpGet = { ...hook.httpGet, scheme: hook.httpGet.scheme ?? 'HTTP' }
    }
    container.resources ??= {}
    container['terminationMessagePath'] ??= '/dev/termination-log'
    container['terminationMessagePolicy'] ??= 'File'
    container.imagePullPolicy ??= /:[^:]+$/.test(container.image ?? '') ? 'IfNotPresent' : 'Always'
    if (pod.spec['automountServiceAccountToken'] !== false)
      container.volumeMounts = [...(container.volumeMounts ?? []), mount]
  }
  return result
}

/** A webhook's answer in the form of the recordings: own containers show only what changed. */
function described(before: Pod, after: Pod): Pick<Recorded, 'initContainers' | 'containers' | 'volumes'> {
  const own = new Map(
    [...before.spec.containers, ...(before.spec.initContainers ?? [])].map((container) => [container.name, container]),
  )
  const mount = {
    name: 'kube-api-access-<rnd>',
    readOnly: true,
    mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
  }
  const show = (
    list: Pod['spec']['containers'] | undefined,
    beforeList: Pod['spec']['containers'] | undefined,
  ): Record<string, unknown>[] =>
    (list ?? []).map((container) => {
      const { env, ...rest } = container
      const mine = beforeList?.find((other) => other.name === container.name)
      if (mine !== undefined) {
        const changed = Object.fromEntries(
          Object.entries(container).filter(([key, value]) => JSON.stringify(mine[key]) !== JSON.stringify(value)),
        )
        if (changed['env'] !== undefined) changed['env'] = shownEnv(container.env)
        if (changed['resources'] !== undefined) changed['resources'] = canonical(container.resources)
        return { name: container.name, own: true, ...(Object.keys(changed).length > 0 ? { changed } : {}) }
      }
      const mounts = rest.volumeMounts ?? []
      const volumeMounts =
        before.spec['automountServiceAccountToken'] === false || mounts.some((one) => one.name === mount.name)
          ? mounts
          : [...mounts, mount]
      return {
        imagePullPolicy: own.get(container.name)?.imagePullPolicy ?? 'IfNotPresent',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        ...rest,
        ...(env === undefined ? {} : { env: shownEnv(env) }),
        resources: canonical(rest.resources),
        ...(volumeMounts.length > 0 ? { volumeMounts } : {}),
      }
    })
  const before2 = new Set((before.spec.volumes ?? []).map((volume) => volume.name))
  return {
    initContainers: show(after.spec.initContainers, before.spec.initContainers),
    containers: show(after.spec.containers, before.spec.containers),
    volumes: (after.spec.volumes ?? []).filter((volume) => !before2.has(volume.name)).map(shownVolume),
  }
}

function shownEnv(env: Pod['spec']['containers'][number]['env']): unknown {
  return env?.map(({ name, value, valueFrom }) =>
    valueFrom === undefined ? { name, value } : { name, from: valueFrom },
  )
}

function canonical(resources: unknown): unknown {
  return JSON.parse(JSON.stringify(resources).replaceAll('"2000m"', '"2"').replaceAll('"1024Mi"', '"1Gi"'))
}

function shownVolume(volume: Record<string, unknown>): Record<string, unknown> {
  const kind = Object.keys(volume).find((key) => key !== 'name') ?? ''
  const source = JSON.parse(JSON.stringify(volume[kind]).replaceAll('{"fieldPath"', '{"apiVersion":"v1","fieldPath"'))
  return { name: volume['name'], kind, [kind]: kind === 'emptyDir' ? source : { defaultMode: 420, ...source } }
}

/** Which keys were added or changed. */
function added(
  before: Record<string, string> | undefined,
  after: Record<string, string> | undefined,
): Record<string, string> {
  return Object.fromEntries(Object.entries(after ?? {}).filter(([key, value]) => before?.[key] !== value))
}

for (const row of rows) {
  if (elsewhere[row.name] !== undefined || row.workload !== undefined) continue
  test(row.name, () => {
    const pod = defaulted(row.pod ?? (rows[0]?.pod as Pod))
    const namespaceLabels = { 'kubernetes.io/metadata.name': row.namespace, ...row.namespaceLabels }
    const webhook = webhooks.find(
      (one) =>
        matchesSelector(one['namespaceSelector'], namespaceLabels) &&
        matchesSelector(one['objectSelector'], pod.metadata.labels ?? {}),
    )
    if (row.message !== undefined) {
      const message = row.message.replace(/^admission webhook "[^"]+" denied the request: /, '')
      expect(() => inject(pod, row.namespace, settingsFor(row.name))).toThrow(new InjectionError(message))
      return
    }
    const after = webhook === undefined ? undefined : inject(pod, row.namespace, settingsFor(row.name))
    if (row.initContainers === undefined) {
      expect(after).toBeUndefined()
      return
    }
    expect(after).toBeDefined()
    if (after === undefined) return
    const seen = described(pod, after)
    expect(seen.initContainers).toEqual(row.initContainers)
    expect(seen.containers).toEqual(row.containers)
    expect(seen.volumes).toEqual(row.volumes)
    expect(added(pod.metadata.annotations, after.metadata.annotations)).toEqual(row.annotationsAdded)
    const labels = added(pod.metadata.labels, after.metadata.labels)
    expect(labels).toEqual(
      Object.fromEntries(
        Object.entries(row.labelsAdded ?? {}).filter(([key]) => pod.metadata.labels?.[key] === undefined),
      ),
    )
  })
}
