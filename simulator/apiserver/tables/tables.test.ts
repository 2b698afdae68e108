import { describe, expect, it, test } from 'vitest'
import { readFacts } from '../../../test/support/facts.ts'
import { builtinOfKind } from '../../schema/index.ts'
import type { Tree } from '../../schema/tree.ts'
import { humanDuration } from './format.ts'
import { tableFor } from './index.ts'

const created = '2026-01-01T00:00:00Z'
const age = '5m'
const now = Date.parse(created) + 5 * 60_000

interface Row {
  case: string
  path: string
  got: Tree
  table: unknown[]
}

const rows: Row[] = readFacts('kubernetes-1.34/defaults.json')
const numbered = /<(clusterIP|nodePort)-(\d+)>/g

/** Recorded cells hold the addresses that one run gave: the object's placeholders take their places. */
function asObject({ got }: Row): Tree {
  const text = JSON.stringify(got)
    .replaceAll('<time>', created)
    .replaceAll('{ns}', 'facts-d')
    .replaceAll(numbered, '$1$2')
  return JSON.parse(text)
}

function wantedCells({ table }: Row): unknown[] {
  return table.map((cell) => (cell === '<time>' ? created : cell === '<age>' ? age : cell))
}

/** Cells that tell addresses and ages of the recorded run. */
const varying = new Set(['Service', 'Service/nodePort', 'Service/loadBalancer', 'Event/events.k8s.io'])

describe('cells of a fresh object are those of a real API server', () => {
  it.each(rows.filter((row) => row.table && row.got.kind !== 'Widget' && !varying.has(row.case)))('$case', (row) => {
    const object = asObject(row)
    const resource = builtinOfKind(object.apiVersion, object.kind)
    if (resource === undefined) throw new Error(`not in the catalogue: ${object.kind}`)
    const table = tableFor(resource, [object], { now })
    expect(table.rows[0]?.cells).toEqual(wantedCells(row))
  })
})

function pod(part: { spec?: Tree; status?: Tree; metadata?: Tree }): Tree {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', creationTimestamp: created, ...part.metadata },
    spec: { containers: [{ name: 'c' }], ...part.spec },
    status: { phase: 'Pending', ...part.status },
  }
}
const container = (state: Tree, more: Tree = {}): Tree => ({ name: 'c', restartCount: 0, ready: false, state, ...more })
const running = container({ running: {} }, { ready: true })
const sidecar = { initContainers: [{ name: 'proxy', restartPolicy: 'Always' }] }

test.each<[string, Parameters<typeof pod>[0], string, string, string]>([
  ['running', { status: { phase: 'Running', containerStatuses: [running] } }, '1/1', 'Running', '0'],
  [
    'waits for its image',
    { status: { containerStatuses: [container({ waiting: { reason: 'ErrImagePull' } })] } },
    '0/1',
    'ErrImagePull',
    '0',
  ],
  [
    'crashed before',
    {
      status: {
        phase: 'Running',
        containerStatuses: [
          container(
            { waiting: { reason: 'CrashLoopBackOff' } },
            { restartCount: 3, lastState: { terminated: { finishedAt: '2026-01-01T00:04:30Z' } } },
          ),
        ],
      },
    },
    '0/1',
    'CrashLoopBackOff',
    '3 (30s ago)',
  ],
  [
    'initialising',
    {
      spec: { initContainers: [{ name: 'i' }, { name: 'j' }] },
      status: { initContainerStatuses: [container({ terminated: { exitCode: 0 } }), container({ running: {} })] },
    },
    '0/1',
    'Init:1/2',
    '0',
  ],
  [
    'init failed',
    {
      spec: { initContainers: [{ name: 'i' }] },
      status: { initContainerStatuses: [container({ terminated: { exitCode: 2, reason: 'Error' } })] },
    },
    '0/1',
    'Init:Error',
    '0',
  ],
  [
    'with a native sidecar',
    {
      spec: sidecar,
      status: {
        phase: 'Running',
        initContainerStatuses: [{ ...running, name: 'proxy', started: true }],
        containerStatuses: [running],
      },
    },
    '2/2',
    'Running',
    '0',
  ],
  [
    'finished',
    {
      status: {
        phase: 'Succeeded',
        containerStatuses: [container({ terminated: { exitCode: 0, reason: 'Completed' } })],
      },
    },
    '0/1',
    'Completed',
    '0',
  ],
  [
    'terminating',
    { metadata: { deletionTimestamp: created }, status: { phase: 'Running', containerStatuses: [running] } },
    '1/1',
    'Terminating',
    '0',
  ],
  ['evicted', { status: { phase: 'Failed', reason: 'Evicted' } }, '0/1', 'Evicted', '0'],
])('a pod that is %s', (_, part, ready, status, restarts) => {
  const pods = { group: '', version: 'v1', plural: 'pods' }
  expect(tableFor(pods, [pod(part)], { now }).rows[0]?.cells.slice(1, 4)).toEqual([ready, status, restarts])
})

test.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [185, '3m5s'],
  [3600, '60m'],
  [3 * 3600 + 60, '3h1m'],
  [9 * 3600, '9h'],
  [3 * 86400 + 4 * 3600, '3d4h'],
  [10 * 86400, '10d'],
  [800 * 86400, '2y70d'],
])('%d seconds read as %s', (seconds, text) => {
  expect(humanDuration(seconds * 1000)).toBe(text)
})

test('a custom resource shows the columns of its definition, by JSONPath', () => {
  const widgets = { group: 'lab.example.com', version: 'v1', plural: 'widgets' }
  const object: Tree = {
    metadata: { name: 'w', creationTimestamp: created, labels: { 'a.b/c': 'x' } },
    spec: { hosts: ['a', 'b'], size: 3 },
    status: {
      conditions: [
        { type: 'Other', status: 'False' },
        { type: 'Ready', status: 'True' },
      ],
    },
  }
  const table = tableFor(widgets, [object], {
    now,
    includeObject: 'None',
    printerColumns: [
      { name: 'Hosts', type: 'string', jsonPath: '.spec.hosts' },
      { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
      { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
      { name: 'Label', type: 'string', jsonPath: '.metadata.labels.a\\.b/c' },
      { name: 'None', type: 'string', jsonPath: '.spec.none' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
  })
  expect(table.rows).toEqual([{ cells: ['w', '["a","b"]', 3, 'True', 'x', null, age] }])
  expect(tableFor(widgets, [object], { now }).rows[0]?.cells).toEqual(['w', age])
})
