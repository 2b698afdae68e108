import { forbidden, invalid, notSupported, required, type Cause } from '../causes.ts'
import { sameTree, type Tree } from '../tree.ts'
import { checkContainers, checkSeccomp } from './containers.ts'
import { dnsLabel, dnsSubdomain, ipAddress } from './names.ts'
import { each, notNegative, oneOf, optionalText, textObeys, within } from './rules.ts'
import { checkScheduling } from './scheduling.ts'
import { checkLabels } from './selectors.ts'
import { checkVolumes } from './volumes.ts'

function checkSecurity(spec: Tree, path: string): Cause[] {
  const context = spec.securityContext
  const at = `${path}.securityContext`
  if (!context) return []
  const shares = spec.shareProcessNamespace && spec.hostPID
  return [
    ...['fsGroup', 'runAsUser', 'runAsGroup'].flatMap((name) => within(context[name], `${at}.${name}`, 0, 2147483647)),
    ...(shares
      ? [invalid(`${at}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled')]
      : []),
    ...checkSeccomp(context.seccompProfile, `${at}.seccompProfile`),
  ]
}

const mostNameservers = 3

function checkDns(spec: Tree, path: string): Cause[] {
  const at = `${path}.dnsConfig`
  const config = spec.dnsConfig
  const policies = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None']
  const causes = oneOf(spec.dnsPolicy, `${path}.dnsPolicy`, policies)
  if (spec.dnsPolicy === 'None' && !config)
    return [...causes, required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')]
  if (spec.dnsPolicy === 'None' && !config.nameservers?.length)
    causes.push(required(`${at}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'))
  const servers = config?.nameservers ?? []
  if (servers.length > mostNameservers)
    causes.push(invalid(`${at}.nameservers`, servers, `must not have more than ${mostNameservers} nameservers`))
  return [...causes, ...each(servers, `${at}.nameservers`, (server, place) => textObeys(server, place, ipAddress))]
}

/** The spec of a pod or of a pod template. */
export function checkPodSpec(spec: Tree, path: string): Cause[] {
  const volumes = new Set<string>((spec.volumes ?? []).map(({ name }: Tree) => name))
  const hostNetworkWithoutUsers = spec.hostUsers === false && spec.hostNetwork
  return [
    ...checkVolumes(spec.volumes, `${path}.volumes`),
    ...checkContainers(spec, path, volumes),
    ...oneOf(spec.restartPolicy, `${path}.restartPolicy`, ['Always', 'OnFailure', 'Never']),
    ...checkDns(spec, path),
    ...checkLabels(spec.nodeSelector, `${path}.nodeSelector`),
    ...checkSecurity(spec, path),
    ...(hostNetworkWithoutUsers ? [forbidden(`${path}.hostNetwork`, 'when `hostUsers` is false')] : []),
    ...each(spec.imagePullSecrets, `${path}.imagePullSecrets`, ({ name }, at) =>
      name ? [] : [required(`${at}.name`)],
    ),
    ...checkScheduling(spec, path),
    ...optionalText(spec.serviceAccountName, `${path}.serviceAccountName`, dnsSubdomain),
    ...optionalText(spec.nodeName, `${path}.nodeName`, dnsSubdomain),
    ...within(spec.activeDeadlineSeconds, `${path}.activeDeadlineSeconds`, 1, 2147483647),
    ...notNegative(spec.terminationGracePeriodSeconds, `${path}.terminationGracePeriodSeconds`),
    ...optionalText(spec.hostname, `${path}.hostname`, dnsLabel),
    ...optionalText(spec.subdomain, `${path}.subdomain`, dnsLabel),
    ...each(spec.hostAliases, `${path}.hostAliases`, ({ ip, hostnames }, at) => [
      ...textObeys(ip, `${at}.ip`, ipAddress),
      ...each(hostnames, `${at}.hostnames`, (name, place) => textObeys(name, place, dnsSubdomain)),
    ]),
    ...(spec.os ? oneOf(spec.os.name, `${path}.os`, ['linux', 'windows']) : []),
  ]
}

export function checkPod(pod: Tree): Cause[] {
  const causes = checkPodSpec(pod.spec, 'spec')
  if (pod.spec.schedulingGates?.length && pod.spec.nodeName)
    causes.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
  return causes
}

const updatable =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

function withoutUpdatable(spec: Tree): Tree {
  const imageless = (list: Tree): Tree => list?.map(({ image: _image, ...container }: Tree) => container)
  const { activeDeadlineSeconds: _a, tolerations: _t, ...rest } = spec
  return { ...rest, containers: imageless(spec.containers), initContainers: imageless(spec.initContainers) }
}

/** What may change in a pod: images, the active deadline, and more tolerations. */
export function checkPodUpdate(pod: Tree, old: Tree): Cause[] {
  if (pod.spec.containers?.length !== old.spec.containers?.length)
    return [forbidden('spec.containers', 'pod updates may not add or remove containers')]
  if ((pod.spec.initContainers?.length ?? 0) !== (old.spec.initContainers?.length ?? 0))
    return [forbidden('spec.initContainers', 'pod updates may not add or remove containers')]
  const causes: Cause[] = []
  const deadline = pod.spec.activeDeadlineSeconds
  if (deadline !== undefined) causes.push(...within(deadline, 'spec.activeDeadlineSeconds', 0, 2147483647))
  else if (old.spec.activeDeadlineSeconds !== undefined)
    causes.push(invalid('spec.activeDeadlineSeconds', null, `must not update from a positive integer to nil value`))
  const kept = (old.spec.tolerations ?? []).every((toleration: Tree) =>
    (pod.spec.tolerations ?? []).some((other: Tree) => sameTree(other, toleration)),
  )
  if (!kept && pod.spec.tolerations)
    causes.push(forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'))
  if (causes.length === 0 && !sameTree(withoutUpdatable(pod.spec), withoutUpdatable(old.spec)))
    causes.push(forbidden('spec', updatable))
  return causes
}

/** Kinds that keep pods running want them to restart always. */
export function mustRestartAlways(template: Tree, path: string): Cause[] {
  const policy = template.spec?.restartPolicy
  return policy === 'Always' ? [] : [notSupported(`${path}.spec.restartPolicy`, policy ?? '', ['Always'])]
}

/** Labels and spec of a pod template. */
export function checkTemplate(template: Tree, path: string): Cause[] {
  return [
    ...checkLabels(template?.metadata?.labels, `${path}.labels`),
    ...checkPodSpec(template?.spec ?? {}, `${path}.spec`),
  ]
}
