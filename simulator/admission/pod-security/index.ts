import {
  forbidden,
  invalid,
  type AdmissionPlugin,
  type AdmissionRequest,
  type Api,
  type KubeObject,
  type NewObject,
} from '../../kubernetes/index.ts'
import { baseline, type Check, type Violation } from './baseline.ts'
import type { PodSpec } from './pod.ts'
import { restricted } from './restricted.ts'

const PREFIX = 'pod-security.kubernetes.io/'
const levels: Record<string, readonly Check[]> = { privileged: [], baseline, restricted }

interface Level {
  checks: readonly Check[]
  /** `restricted:latest`. */
  name: string
}

type Mode = 'enforce' | 'warn'

function levelOf(namespace: KubeObject | NewObject | undefined, mode: Mode): Level {
  const labels = namespace?.metadata.labels ?? {}
  const level = labels[PREFIX + mode] ?? 'privileged'
  return { checks: levels[level] ?? [], name: `${level}:${labels[`${PREFIX}${mode}-version`] ?? 'latest'}` }
}

function violationsOf(spec: PodSpec, { checks }: Level): Violation[] {
  return checks.map((check) => check(spec)).filter((violation) => violation !== undefined)
}

function sentence(violations: readonly Violation[], { name }: Level): string {
  return `PodSecurity "${name}": ${violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')}`
}

/** Where the pod lies in kinds that make pods. */
function podSpecOf({ resource, object }: AdmissionRequest): PodSpec | undefined {
  if (object === undefined) return undefined
  if (resource.plural === 'pods') return object['spec'] as PodSpec
  if (resource.plural === 'cronjobs') return object['spec']?.jobTemplate?.spec?.template?.spec as PodSpec | undefined
  return (object['spec']?.template ?? object['template'])?.spec as PodSpec | undefined
}

const templates = new Set([
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'jobs',
  'cronjobs',
  'replicationcontrollers',
  'podtemplates',
])

/** The pod security standards, as labels of a namespace ask for them. */
export function podSecurity(api: Api): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    handles: ({ resource, operation, subresource }) =>
      (operation === 'CREATE' || operation === 'UPDATE') &&
      (subresource === undefined || subresource === 'ephemeralcontainers') &&
      (resource.plural === 'pods' || resource.plural === 'namespaces' || templates.has(resource.plural)),
    validate(request) {
      const { resource, namespace = '', name, object } = request
      if (resource.plural === 'namespaces') return checkNamespace(api, request)
      const spec = podSpecOf(request)
      if (spec === undefined || object === undefined) return
      const place = api.get('namespaces', undefined, namespace)
      const isPod = resource.plural === 'pods'
      const enforced = levelOf(place, 'enforce')
      const violations = isPod ? violationsOf(spec, enforced) : []
      if (violations.length > 0) throw forbidden(resource, name, `violates ${sentence(violations, enforced)}`)
      const warned = levelOf(place, 'warn')
      const doubts = violationsOf(spec, warned)
      if (doubts.length > 0) request.warn(`would violate ${sentence(doubts, warned)}`)
    },
  }
}

function checkNamespace(api: Api, { object, oldObject, name, warn }: AdmissionRequest): void {
  if (object === undefined) return
  refuseUnknownLevels(object, name)
  const level = levelOf(object, 'enforce')
  if (oldObject === undefined || levelOf(oldObject, 'enforce').name === level.name) return
  const groups = new Map<string, string[]>()
  for (const pod of [...api.list('pods', { namespace: name })].sort((a, b) =>
    a.metadata.name < b.metadata.name ? -1 : 1,
  )) {
    const reasons = violationsOf(pod['spec'] as PodSpec, level)
      .map(({ reason }) => reason)
      .join(', ')
    if (reasons !== '') groups.set(reasons, [...(groups.get(reasons) ?? []), pod.metadata.name])
  }
  if (groups.size === 0) return
  warn(`existing pods in namespace "${name}" violate the new PodSecurity enforce level "${level.name}"`)
  for (const [reasons, [first = '', ...others]] of groups) {
    const more = others.length === 0 ? '' : ` (and ${others.length} other ${others.length === 1 ? 'pod' : 'pods'})`
    warn(`${first}${more}: ${reasons}`)
  }
}

function refuseUnknownLevels(namespace: NewObject, name: string): void {
  const causes = ['enforce', 'audit', 'warn'].flatMap((mode) => {
    const problem = (
      label: string,
      valid: (value: string) => boolean,
      rule: string,
    ): { reason: string; message: string; field: string }[] => {
      const value = namespace.metadata.labels?.[PREFIX + label]
      if (value === undefined || valid(value)) return []
      return [
        {
          reason: 'FieldValueInvalid',
          message: `Invalid value: ${JSON.stringify(value)}: ${rule}`,
          field: `metadata.labels[${PREFIX}${label}]`,
        },
      ]
    }
    return [
      ...problem(mode, (value) => value in levels, 'must be one of privileged, baseline, restricted'),
      ...problem(`${mode}-version`, (value) => /^(latest|v1\.\d+)$/.test(value), 'must be "latest" or "v1.x"'),
    ]
  })
  if (causes.length > 0) throw invalid({ group: '', kind: 'Namespace' }, name, causes)
}
