import { expect, test } from 'vitest'
import type { KubeObject } from '../kubernetes/index.ts'
import { redirectsInbound } from './inbound-ports.ts'

test.each([
  [{}, true],
  [{ includeInboundPorts: '*' }, true],
  [{ includeInboundPorts: '80, 8080' }, true],
  [{ includeInboundPorts: '9090' }, false],
  [{ includeInboundPorts: '' }, false],
  [{ excludeInboundPorts: '8080' }, false],
  [{ excludeInboundPorts: '80,9090' }, true],
  [{ includeInboundPorts: '*', excludeInboundPorts: '8080' }, false],
])('with %j the proxy gets what comes to 8080: %s', (given, redirected) => {
  const entries = Object.entries(given).map(([name, value]) => [`traffic.sidecar.istio.io/${name}`, value])
  const pod = { metadata: { name: 'p', annotations: Object.fromEntries(entries) } } as unknown as KubeObject
  expect(redirectsInbound(pod, 8080)).toBe(redirected)
})
