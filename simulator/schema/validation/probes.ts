import { forbidden, invalid, required, type Cause } from '../causes.ts'
import type { Tree } from '../tree.ts'
import { portName } from './names.ts'
import { each, notNegative, oneOf, portNumber, requiredText, textObeys } from './rules.ts'

function checkPort(port: Tree, path: string): Cause[] {
  return typeof port === 'string' ? textObeys(port, path, portName) : portNumber(port, path)
}

const headerName = /^[-A-Za-z0-9]+$/

const handlers: Record<string, (action: Tree, path: string) => Cause[]> = {
  exec: (action, path) => (action.command?.length > 0 ? [] : [required(`${path}.command`)]),
  httpGet: (action, path) => [
    ...requiredText(action.path, `${path}.path`),
    ...checkPort(action.port, `${path}.port`),
    ...oneOf(action.scheme, `${path}.scheme`, ['HTTP', 'HTTPS']),
    ...each(action.httpHeaders, `${path}.httpHeaders`, ({ name }) =>
      headerName.test(name)
        ? []
        : [
            invalid(
              `${path}.httpHeaders`,
              name,
              "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
            ),
          ],
    ),
  ],
  tcpSocket: (action, path) => checkPort(action.port, `${path}.port`),
  grpc: (action, path) => portNumber(action.port, `${path}.port`),
  sleep: (action, path) => notNegative(action.seconds, `${path}.seconds`),
}

function checkHandlers(owner: Tree, path: string, allowed: readonly string[]): Cause[] {
  const given = allowed.filter((name) => owner[name] !== undefined)
  if (given.length === 0) return [required(path, 'must specify a handler type')]
  return given.flatMap((name, i) =>
    i > 0
      ? [forbidden(`${path}.${name}`, 'may not specify more than 1 handler type')]
      : (handlers[name]?.(owner[name], `${path}.${name}`) ?? []),
  )
}

function checkProbe(probe: Tree, path: string): Cause[] {
  if (!probe) return []
  const numbers = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold']
  const grace = probe.terminationGracePeriodSeconds
  return [
    ...checkHandlers(probe, path, ['exec', 'httpGet', 'tcpSocket', 'grpc']),
    ...numbers.flatMap((name) => notNegative(probe[name], `${path}.${name}`)),
    ...(grace !== undefined && grace <= 0
      ? [invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0')]
      : []),
  ]
}

function mustBeOne(probe: Tree, path: string): Cause[] {
  if (!probe || probe.successThreshold === 1 || probe.successThreshold < 0) return []
  return [invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1')]
}

/** Lifecycle hooks and the three probes of a container. */
export function checkProbes(container: Tree, path: string): Cause[] {
  const { readinessProbe, livenessProbe, startupProbe, lifecycle } = container
  const hooks = ['postStart', 'preStop'].flatMap((hook) =>
    lifecycle?.[hook]
      ? checkHandlers(lifecycle[hook], `${path}.lifecycle.${hook}`, ['exec', 'httpGet', 'tcpSocket', 'sleep'])
      : [],
  )
  const grace = readinessProbe?.terminationGracePeriodSeconds
  return [
    ...hooks,
    ...checkProbe(livenessProbe, `${path}.livenessProbe`),
    ...mustBeOne(livenessProbe, `${path}.livenessProbe`),
    ...checkProbe(readinessProbe, `${path}.readinessProbe`),
    ...(grace === undefined
      ? []
      : [
          invalid(`${path}.readinessProbe.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes'),
        ]),
    ...checkProbe(startupProbe, `${path}.startupProbe`),
    ...mustBeOne(startupProbe, `${path}.startupProbe`),
  ]
}
