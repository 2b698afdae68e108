import { expect, test } from 'vitest'
import { readFacts } from '../../../../test/support/facts.ts'
import type { KubeObject, NewObject } from '../../../kubernetes/index.ts'
import { installSettings, istioManifests, InstallSettingsError } from './index.ts'

interface RecordedObject {
  kind: string
  namespace?: string
  name: string
  labels?: Record<string, string>
  ports?: { name: string; port: number; targetPort: number }[]
  podLabels?: Record<string, string>
  podAnnotations?: Record<string, string>
  volumes?: string[]
  containers?: { name: string; image: string; args: string[]; env: string[]; resources: object }[]
}

const recordings: { name: string; objects?: RecordedObject[] }[] = readFacts('istio-1.31/install.json')

/** Written by a running istiod, not by the installer. */
const written =
  /^(ConfigMap .*(istio-ca-root-cert|istio-ca-crl|istio-leader|istio-namespace-controller-election|istio-ip-autoallocate)|Lease )/

const key = (kind: string, namespace: string | undefined, name: string | undefined): string =>
  `${kind} ${namespace ?? ''}/${name}`

for (const profile of ['demo', 'default', 'minimal', 'empty']) {
  const recorded = (recordings.find((entry) => entry.name === `profile ${profile}`)?.objects ?? []).filter(
    (object) => !written.test(key(object.kind, object.namespace, object.name)),
  )
  const made = new Map(
    istioManifests({ profile }).map((object) => [
      key(object.kind, object.metadata.namespace, object.metadata.name),
      object,
    ]),
  )

  test(`profile ${profile} installs the objects of the real one`, () => {
    expect([...made.keys()].toSorted()).toEqual(
      recorded.map((object) => key(object.kind, object.namespace, object.name)).toSorted(),
    )
  })

  test(`profile ${profile}: labels, ports, pods are those of the real one`, () => {
    for (const object of recorded) {
      const own = made.get(key(object.kind, object.namespace, object.name)) as KubeObject
      const { 'kubernetes.io/metadata.name': _, ...labels } = object.labels ?? {}
      expect(own.metadata.labels ?? {}, object.name).toEqual(labels)
      if (object.kind === 'Service')
        expect(ports(own)).toEqual(object.ports?.map(({ name, port, targetPort }) => [name, port, targetPort]))
      if (object.kind === 'Deployment') expect(podOf(own)).toEqual(recordedPod(object))
    }
  })
}

function ports(service: NewObject): unknown {
  return service['spec'].ports.map((port: { name: string; port: number; targetPort: number }) => [
    port.name,
    port.port,
    port.targetPort,
  ])
}

function podOf(deployment: NewObject): unknown {
  const { metadata, spec } = deployment['spec'].template
  return {
    labels: metadata.labels,
    annotations: metadata.annotations,
    volumes: spec.volumes.map((volume: { name: string }) => volume.name),
    containers: spec.containers.map((container: KubeObject[string]) => ({
      name: container.name,
      image: container.image,
      args: container.args,
      resources: container.resources,
      env: container.env.map((entry: { name: string; value?: string }) =>
        entry.value === undefined ? entry.name : `${entry.name}=${entry.value}`,
      ),
    })),
  }
}

function recordedPod(object: RecordedObject): unknown {
  return {
    labels: object.podLabels,
    annotations: object.podAnnotations,
    volumes: object.volumes,
    containers: object.containers?.map(({ name, image, args, env, resources }) => ({
      name,
      image,
      args,
      resources,
      env,
    })),
  }
}

test('a revision has its own names', () => {
  const names = istioManifests({ profile: 'minimal', revision: 'canary' }).map((object) => object.metadata.name)
  for (const name of [
    'istiod-canary',
    'istio-sidecar-injector-canary',
    'istio-canary',
    'istio-validator-canary-istio-system',
  ]) {
    expect(names).toContain(name)
  }
})

test('--set reaches profile, mesh configuration, values and gateways by place', () => {
  const settings = installSettings({
    set: [
      'profile=demo',
      'meshConfig.outboundTrafficPolicy.mode=REGISTRY_ONLY',
      'values.global.proxy.logLevel=debug',
      'components.egressGateways[0].enabled=false',
    ],
  })
  expect(settings.profile).toBe('demo')
  expect(settings.meshConfig).toEqual({
    accessLogFile: '/dev/stdout',
    outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' },
  })
  expect(settings.values['global']).toMatchObject({ proxy: { logLevel: 'debug' } })
  expect(settings.components.egressGateways).toEqual([
    expect.objectContaining({ name: 'istio-egressgateway', enabled: false }),
  ])
})

test.each([
  ['profile=nope', 'merge inputs: profile "nope" not found: open profiles/nope.yaml: file does not exist'],
  ['nope.x=1', 'could not unmarshal: json: unknown field "nope"'],
  ['components.pilots.enabled=true', 'could not unmarshal: json: unknown field "pilots"'],
  [
    'components.pilot.enabled=maybe',
    'could not unmarshal: json: cannot unmarshal string into Go struct field ComponentSpec.spec.components.pilot.enabled of type bool',
  ],
  [
    'values.nope=1',
    'could not unmarshal: error unmarshaling JSON: while decoding JSON: unknown field "nope" in istio.operator.v1alpha1.Values',
  ],
])('--set %s is refused', (assignment, message) => {
  expect(() => installSettings({ set: [assignment] })).toThrow(new InstallSettingsError(message))
})
