import { describe, expect, it } from 'vitest'
import { readFacts } from '../../test/support/facts.ts'
import { ApiError } from '../kubernetes/index.ts'
import { emptyObject } from './apply/empty-object.ts'
import { mergeShape, serverSideApply, trackUpdate, type Shape } from './apply/index.ts'
import { customSchema } from './custom/index.ts'
import { applyDefaults } from './defaults/index.ts'
import { jsonPatch } from './patch/json-patch.ts'
import { mergePatch } from './patch/merge-patch.ts'
import { strategicMergePatch } from './patch/strategic-merge-patch.ts'
import { builtinOfKind } from './catalogue.ts'
import { prepareForCreate, prepareForUpdate } from './prepare.ts'
import type { Tree } from './tree.ts'

interface Step {
  method: string
  contentType?: string
  query?: string
  subresource?: string
  body: Tree
  status: number
}

interface Row {
  name: string
  resource: string
  steps: Step[]
  before: Tree
  result: Tree
  stored?: Tree
}

const now = '<time>'
const rows: Row[] = readFacts('kubernetes-1.34/merges.json')

const definition: Tree = readFacts('kubernetes-1.34/defaults.json').find(
  (row: Tree) => row.case === 'CustomResourceDefinition',
).sent
const widget = customSchema(definition.spec.versions[0].schema.openAPIV3Schema)

function shapeFor(object: Tree): Shape {
  const shape = object.kind === 'Widget' ? widget.shape : mergeShape(object.apiVersion, object.kind)
  if (shape === undefined) throw new Error(`no shape for ${object.kind}`)
  return shape
}

/** Runs the last step of a row on the object that the steps before it left. */
function lastStep({ steps, before }: Row): Tree {
  const step = steps.at(-1)
  if (step === undefined) throw new Error('no steps')
  const manager = new URLSearchParams(step.query).get('fieldManager') || 'tester'
  const force = new URLSearchParams(step.query).get('force') === 'true'
  const live: Tree = steps.length > 1 ? before : undefined
  const { apiVersion, kind } = live ?? step.body
  const write = { shape: shapeFor({ apiVersion, kind }), apiVersion, manager, now, resetFields: ['status'] }
  if (step.contentType?.includes('apply'))
    return held(serverSideApply({ ...write, live, applied: step.body, force }).object, live)
  const after = held(patched(step, live), live)
  return trackUpdate({ ...write, before: live ?? emptyObject(apiVersion, kind), after, created: live === undefined })
}

/** The object as it would be stored. */
function held(object: Tree, live: Tree): Tree {
  if (object.kind === 'Widget') {
    const copy = structuredClone(object)
    widget.prune(copy)
    widget.applyDefaults(copy)
    return copy
  }
  const resource = builtinOfKind(object.apiVersion, object.kind)
  if (resource === undefined) throw new Error(`no such kind: ${object.kind}`)
  const defaulted = applyDefaults(resource, object)
  if (live) prepareForUpdate(resource, defaulted, live)
  else prepareForCreate(resource, defaulted, now)
  return defaulted
}

function patched({ contentType, body }: Step, live: Tree): Tree {
  if (contentType?.includes('strategic')) return strategicMergePatch(live, live, body)
  if (contentType?.includes('json-patch')) return jsonPatch(live, body)
  if (contentType?.includes('merge')) return mergePatch(live, body)
  return live
    ? {
        ...body,
        metadata: {
          ...live.metadata,
          managedFields: undefined,
          labels: undefined,
          annotations: undefined,
          ...body.metadata,
        },
      }
    : body
}

function comparable(object: Tree): Tree {
  const {
    uid: _u,
    resourceVersion: _r,
    creationTimestamp: _c,
    namespace: _n,
    generation: _g,
    ...metadata
  } = object.metadata ?? {}
  const copy = { ...object, metadata }
  // What plugins and allocators add to pods and services is not merged here.
  if (copy.kind === 'Service') {
    const { clusterIP: _a, clusterIPs: _b, ipFamilies: _d, ipFamilyPolicy: _e, ...spec } = copy.spec
    copy.spec = { ...spec, ports: spec.ports?.map(({ nodePort: _p, ...port }: Tree) => port) }
  }
  if (copy.kind === 'Pod')
    copy.spec = { containers: copy.spec.containers.map(({ volumeMounts: _v, ...container }: Tree) => container) }
  return JSON.parse(JSON.stringify(copy))
}

const usable = rows.filter(
  ({ steps, result }) => !steps.at(-1)?.subresource && (result.kind !== 'Status' || result.code !== 422),
)

describe('a patch gives what a real API server stored', () => {
  it.each(usable)('$name', (row) => {
    let answer: Tree
    try {
      answer = lastStep(row)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      answer = error.status
    }
    if (row.result.kind === 'Status') expect(answer).toEqual(row.result)
    else expect(comparable(answer)).toEqual(comparable(row.result))
  })
})
