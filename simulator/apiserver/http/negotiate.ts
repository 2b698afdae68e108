import { ApiError } from '../../kubernetes/index.ts'

/** The form in which an answer is wanted. */
export interface Representation {
  form: 'object' | 'table' | 'metadata' | 'metadata-list'
  /** `v1` or `v1beta1` of meta.k8s.io, for the forms that are not the object itself. */
  metaVersion: string
  yaml: boolean
}

const json: Representation = { form: 'object', metaVersion: 'v1', yaml: false }
const forms: Record<string, Representation['form']> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata-list',
}

/** Picks the first acceptable representation that can be made; 406 when there is none. */
export function negotiate(accept: string | undefined): Representation {
  if (accept === undefined || accept === '') return json
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    const yaml = type === 'application/yaml'
    if (!yaml && !['application/json', 'application/*', '*/*'].includes(type.toLowerCase())) continue
    const options = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string]))
    const as = options.get('as')
    if (as === undefined) return { ...json, yaml }
    const form = forms[as]
    const metaVersion = options.get('v') ?? 'v1'
    if (form && options.get('g') === 'meta.k8s.io' && ['v1', 'v1beta1'].includes(metaVersion))
      return { form, metaVersion, yaml }
  }
  const offered = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'
  throw new ApiError(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${offered}`, {})
}
