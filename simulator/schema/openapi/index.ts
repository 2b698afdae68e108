/** OpenAPI v3 documents, one a group version, as far as clients use them: kinds of operations, field validation, schemas with merge keys. */
import { apiVersionOf } from '../../kubernetes/index.ts'
import { builtinGroups, builtinResources, type ServedResource } from '../catalogue.ts'
import type { Tree } from '../tree.ts'
import { typeOfKind } from '../types.ts'
import { customDefinition } from './custom-definition.ts'
import { definitionsOf } from './definitions.ts'
import { fullName } from './names.ts'
import { pathsOf } from './paths.ts'

/** A custom resource of the group version, with `openAPIV3Schema` of that version. */
export interface CustomOpenapi {
  resource: ServedResource
  schema: object | undefined
}

const product = { title: 'Kubernetes', version: 'v1.34.4' }

/** `api/v1`, `apis/apps/v1` …: the documents of built-in groups. */
export function openapiV3Groups(): string[] {
  return builtinGroups.flatMap(({ group, versions }) =>
    versions.map((version) => (group === '' ? `api/${version}` : `apis/${group}/${version}`)),
  )
}

/** The document of a group version (`{group: 'apps', version: 'v1'}`), made anew; undefined when nothing is served there. */
export function openapiV3(
  groupVersion: { group: string; version: string },
  custom: readonly CustomOpenapi[] = [],
): Tree {
  const apiVersion = apiVersionOf(groupVersion)
  const resources = builtinResources.filter(
    ({ group, version }) => group === groupVersion.group && version === groupVersion.version,
  )
  const types = resources.flatMap(({ kind, subresources }) => [
    typeOfKind(apiVersion, kind),
    typeOfKind(apiVersion, `${kind}List`),
    ...subresources.map(({ response }) => typeOfKind(apiVersionOf(response), response.kind)),
  ])
  const all = [...resources, ...custom.map(({ resource }) => resource)]
  if (all.length === 0) return undefined
  const names = types.flatMap((type) => (type ? [type.name] : []))
  return {
    openapi: '3.0.0',
    info: product,
    paths: Object.assign({}, ...all.map((resource) => pathsOf(resource, schemaName(resource)))),
    components: {
      schemas: {
        ...definitionsOf(custom.length > 0 ? [...names, 'meta.v1.ObjectMeta', 'meta.v1.DeleteOptions'] : names),
        ...Object.fromEntries(
          custom.map(({ resource, schema }) => [schemaName(resource), customDefinition(resource, schema)]),
        ),
      },
    },
  }
}

/** The name of a kind's schema: that of its Go package, or the reversed group for custom resources. */
function schemaName(resource: ServedResource): string {
  const type = typeOfKind(apiVersionOf(resource), resource.kind)
  if (type) return fullName(type.name)
  return [...resource.group.split('.').reverse(), resource.version, resource.kind].join('.')
}
