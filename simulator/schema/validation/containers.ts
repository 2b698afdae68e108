import { duplicate, invalid, notFound, notSupported, required, type Cause } from '../causes.ts'
import type { Tree } from '../tree.ts'
import { configKey, dnsLabel, dnsSubdomain, environmentName, portName } from './names.ts'
import { checkProbes } from './probes.ts'
import { checkResources } from './resources.ts'
import { each, oneOf, requiredText, textObeys, unique, within } from './rules.ts'

const protocols = ['SCTP', 'TCP', 'UDP']

function checkPort(port: Tree, path: string): Cause[] {
  return [
    ...(port.name ? textObeys(port.name, `${path}.name`, portName) : []),
    ...(port.containerPort
      ? within(port.containerPort, `${path}.containerPort`, 1, 65535)
      : [required(`${path}.containerPort`)]),
    ...(port.hostPort ? within(port.hostPort, `${path}.hostPort`, 1, 65535) : []),
    ...(port.protocol ? oneOf(port.protocol, `${path}.protocol`, protocols) : [required(`${path}.protocol`)]),
  ]
}

const podFields =
  /^(metadata\.(name|namespace|uid|labels|annotations)|metadata\.(labels|annotations)\['.+'\]|spec\.(nodeName|serviceAccountName)|status\.(hostIP|hostIPs|podIP|podIPs))$/

function checkReference(reference: Tree, path: string): Cause[] {
  return [
    ...textObeys(reference.name, `${path}.name`, dnsSubdomain),
    ...requiredText(reference.key, `${path}.key`, configKey),
  ]
}

function checkFieldReference({ fieldPath, apiVersion }: Tree, path: string): Cause[] {
  if (!apiVersion) return [required(`${path}.apiVersion`)]
  if (!fieldPath) return [required(`${path}.fieldPath`)]
  return podFields.test(fieldPath)
    ? []
    : [invalid(`${path}.fieldPath`, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`)]
}

const sources: Record<string, (source: Tree, path: string) => Cause[]> = {
  fieldRef: checkFieldReference,
  resourceFieldRef: (source, path) => requiredText(source.resource, `${path}.resource`),
  configMapKeyRef: checkReference,
  secretKeyRef: checkReference,
}

function checkEnv(env: Tree, path: string): Cause[] {
  const causes = env.name ? textObeys(env.name, `${path}.name`, environmentName) : [required(`${path}.name`)]
  const from = env.valueFrom
  if (!from) return causes
  const given = Object.keys(from).filter((name) => sources[name])
  const at = `${path}.valueFrom`
  if (given.length === 0)
    causes.push(
      invalid(
        at,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ),
    )
  if (given.length > 0 && env.value) causes.push(invalid(at, '', 'may not be specified when `value` is not empty'))
  for (const name of given) causes.push(...(sources[name]?.(from[name], `${at}.${name}`) ?? []))
  if (given.length > 1) causes.push(invalid(at, '', 'may not have more than one field specified at a time'))
  return causes
}

function checkEnvFrom(source: Tree, path: string): Cause[] {
  const names = ['configMapRef', 'secretRef'].filter((name) => source[name])
  const causes = source.prefix ? textObeys(source.prefix, `${path}.prefix`, environmentName) : []
  for (const name of names) causes.push(...textObeys(source[name].name, `${path}.${name}.name`, dnsSubdomain))
  const whole = path.replace(/\[\d+\]$/, '')
  if (names.length === 0) causes.push(invalid(whole, '', 'must specify one of: `configMapRef` or `secretRef`'))
  if (names.length > 1) causes.push(invalid(whole, '', 'may not have more than one field specified at a time'))
  return causes
}

function checkMount(mount: Tree, path: string, volumes: ReadonlySet<string>): Cause[] {
  const causes: Cause[] = []
  if (!mount.name) causes.push(required(`${path}.name`))
  else if (!volumes.has(mount.name)) causes.push(notFound(`${path}.name`, mount.name))
  if (!mount.mountPath) causes.push(required(`${path}.mountPath`))
  if (mount.subPath?.startsWith('/')) causes.push(invalid(`${path}.subPath`, mount.subPath, 'must be a relative path'))
  else if (mount.subPath?.split('/').includes('..'))
    causes.push(invalid(`${path}.subPath`, mount.subPath, "must not contain '..'"))
  return causes
}

function checkMounts(mounts: Tree, path: string, volumes: ReadonlySet<string>): Cause[] {
  const seen = new Set<string>()
  return each(mounts, path, (mount, at) => {
    const causes = checkMount(mount, at, volumes)
    if (seen.has(mount.mountPath)) causes.push(invalid(`${at}.mountPath`, mount.mountPath, 'must be unique'))
    seen.add(mount.mountPath)
    return causes
  })
}

function checkContext(context: Tree, path: string): Cause[] {
  if (!context) return []
  const causes = ['runAsUser', 'runAsGroup'].flatMap((name) => within(context[name], `${path}.${name}`, 0, 2147483647))
  if (context.allowPrivilegeEscalation === false && context.privileged)
    causes.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
  return [...causes, ...checkSeccomp(context.seccompProfile, `${path}.seccompProfile`)]
}

export function checkSeccomp(profile: Tree, path: string): Cause[] {
  if (!profile) return []
  if (profile.type === 'Localhost')
    return profile.localhostProfile
      ? []
      : [required(`${path}.localhostProfile`, 'must be set when seccomp type is Localhost')]
  if (!['RuntimeDefault', 'Unconfined'].includes(profile.type))
    return [notSupported(`${path}.type`, profile.type ?? '', ['Localhost', 'RuntimeDefault', 'Unconfined'])]
  return profile.localhostProfile
    ? [invalid(`${path}.localhostProfile`, profile.localhostProfile, 'can only be set when seccomp type is Localhost')]
    : []
}

function checkContainer(container: Tree, path: string, volumes: ReadonlySet<string>): Cause[] {
  const { image } = container
  const nameCauses = container.name ? textObeys(container.name, `${path}.name`, dnsLabel) : [required(`${path}.name`)]
  const imageCauses = !image
    ? [required(`${path}.image`)]
    : image !== image.trim()
      ? [invalid(`${path}.image`, image, 'must not have leading or trailing whitespace')]
      : []
  return [
    ...nameCauses,
    ...imageCauses,
    ...oneOf(container.terminationMessagePolicy, `${path}.terminationMessagePolicy`, ['File', 'FallbackToLogsOnError']),
    ...each(container.ports, `${path}.ports`, checkPort),
    ...unique(container.ports ?? [], `${path}.ports`, (port) => port.name ?? '', '.name'),
    ...each(container.env, `${path}.env`, checkEnv),
    ...each(container.envFrom, `${path}.envFrom`, checkEnvFrom),
    ...checkMounts(container.volumeMounts, `${path}.volumeMounts`, volumes),
    ...(container.imagePullPolicy
      ? oneOf(container.imagePullPolicy, `${path}.imagePullPolicy`, ['Always', 'IfNotPresent', 'Never'])
      : []),
    ...checkResources(container.resources, `${path}.resources`),
    ...each(container.resizePolicy, `${path}.resizePolicy`, ({ resourceName }) =>
      oneOf(resourceName, `${path}.resizePolicy`, ['cpu', 'memory']),
    ),
    ...checkContext(container.securityContext, `${path}.securityContext`),
  ]
}

const isSidecar = (container: Tree): boolean => container.restartPolicy === 'Always'

/** Init containers and containers of a pod; names are unique over all of them. */
export function checkContainers(spec: Tree, path: string, volumes: ReadonlySet<string>): Cause[] {
  const names = new Set<string>()
  const named = (container: Tree, at: string): Cause[] => {
    if (names.has(container.name)) return [duplicate(`${at}.name`, container.name)]
    if (container.name) names.add(container.name)
    return []
  }
  const main = spec.containers ?? []
  const causes = main.length === 0 ? [required(`${path}.containers`)] : []
  causes.push(
    ...each(main, `${path}.containers`, (container, at) => [
      ...checkContainer(container, at, volumes),
      ...named(container, at),
      ...checkProbes(container, at),
    ]),
  )
  return [
    ...causes,
    ...each(spec.initContainers, `${path}.initContainers`, (container, at) => [
      ...checkContainer(container, at, volumes),
      ...named(container, at),
      ...(isSidecar(container) ? checkProbes(container, at) : forbiddenProbes(container, at)),
    ]),
    ...(spec.hostNetwork ? checkHostPorts(main, `${path}.containers`) : []),
    ...checkHostPortConflicts(main, `${path}.containers`),
  ]
}

function forbiddenProbes(container: Tree, path: string): Cause[] {
  return ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']
    .filter((name) => container[name])
    .map((name) => ({
      reason: 'FieldValueForbidden',
      field: `${path}.${name}`,
      message: 'Forbidden: may not be set for init containers without restartPolicy=Always',
    }))
}

function checkHostPorts(containers: Tree[], path: string): Cause[] {
  return each(containers, path, (container, at) =>
    each(container.ports, `${at}.ports`, (port, portAt) =>
      port.hostPort !== undefined && port.hostPort !== port.containerPort
        ? [invalid(`${portAt}.hostPort`, port.hostPort, 'must match `containerPort` when `hostNetwork` is true')]
        : [],
    ),
  )
}

function checkHostPortConflicts(containers: Tree[], path: string): Cause[] {
  const seen = new Set<string>()
  return each(containers, path, (container, at) =>
    each(container.ports, `${at}.ports`, (port, portAt) => {
      if (!port.hostPort) return []
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`
      if (seen.has(key)) return [duplicate(`${portAt}.hostPort`, key)]
      seen.add(key)
      return []
    }),
  )
}
