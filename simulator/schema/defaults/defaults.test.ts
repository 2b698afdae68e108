import { describe, expect, it } from 'vitest'
import { readFacts } from '../../../test/support/facts.ts'
import { builtinOfKind } from '../catalogue.ts'
import { prepareForCreate } from '../prepare.ts'
import { sameTree, type Tree } from '../tree.ts'
import { applyDefaults } from './index.ts'

interface Row {
  case: string
  sent: Tree
  got: Tree
}

/** What plugins and allocators add, not defaulting: left out on both sides. */
const allocated: Record<string, string[]> = {
  Pod: ['volumes', 'tolerations', 'priority', 'preemptionPolicy', 'serviceAccountName', 'serviceAccount'],
  Service: ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'healthCheckNodePort'],
  CertificateSigningRequest: ['username', 'uid', 'groups'],
  Node: ['taints'],
}

function withoutAllocated(object: Tree): Tree {
  const copy = structuredClone(object)
  for (const key of ['managedFields', 'resourceVersion', 'uid', 'creationTimestamp', 'namespace', 'name'])
    delete copy.metadata[key]
  for (const key of allocated[copy.kind] ?? []) delete copy.spec?.[key]
  for (const container of [...(copy.spec?.containers ?? []), ...(copy.spec?.initContainers ?? [])])
    if (copy.kind === 'Pod') delete container.volumeMounts
  if (copy.kind === 'Service') for (const port of copy.spec.ports ?? []) delete port.nodePort
  return copy
}

const rows: Row[] = readFacts('kubernetes-1.34/defaults.json')
const stored = rows.filter(({ sent }) => sent.kind !== 'Widget' && !/Review$|TokenRequest/.test(sent.kind))

describe('a created object has the defaults of a real API server', () => {
  it.each(stored)('$case', ({ sent, got }) => {
    const resource = builtinOfKind(sent.apiVersion, sent.kind)
    if (resource === undefined) throw new Error(`not in the catalogue: ${sent.kind}`)
    const object = applyDefaults(resource, structuredClone(sent))
    object.metadata.uid = '<uid-1>'
    prepareForCreate(resource, object, '<time>')
    const wanted = JSON.parse(JSON.stringify(withoutAllocated(got)).replaceAll('{ns}', 'facts-d'))
    expect(withoutAllocated(object)).toEqual(wanted)
  })

  it('is stable: defaulting a stored object changes nothing', () => {
    const moved = stored.filter(({ sent, got }) => {
      const resource = builtinOfKind(sent.apiVersion, sent.kind)
      return resource && !sameTree(applyDefaults(resource, got), got)
    })
    expect(moved.map((row) => row.case)).toEqual([])
  })
})
