import type { ServedResource } from '../catalogue.ts'
import type { Tree } from '../tree.ts'
import { describeField } from './descriptions.ts'

/** The schema of a custom kind: what its definition says, with the fields that every object has. */
export function customDefinition({ group, version, kind }: ServedResource, schema: object | undefined): Tree {
  const own: Tree = schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  return {
    ...own,
    type: 'object',
    properties: {
      ...own.properties,
      apiVersion: { type: 'string', description: describeField('', 'apiVersion') },
      kind: { type: 'string', description: describeField('', 'kind') },
      metadata: {
        allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }],
        description: describeField('', 'metadata'),
      },
    },
    'x-kubernetes-group-version-kind': [{ group, kind, version }],
  }
}
