import type { Tree } from '../../schema/tree.ts'
import { since } from './format.ts'

type Row = (object: Tree, now: number) => unknown[]
const ageOf = (object: Tree, now: number): string => since(object.metadata.creationTimestamp, now)

const roleBinding: Row = (object, now) => {
  const subjects: Tree[] = object.subjects ?? []
  const names = (kind: string): string =>
    subjects
      .filter((subject) => subject.kind === kind)
      .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
      .join(', ')
  return [
    object.metadata.name,
    `${object.roleRef.kind}/${object.roleRef.name}`,
    ageOf(object, now),
    names('User'),
    names('Group'),
    names('ServiceAccount'),
  ]
}

const webhooks: Row = (object, now) => [object.metadata.name, (object.webhooks ?? []).length, ageOf(object, now)]

const policy: Row = (object, now) => {
  const kind = object.spec.paramKind
  return [
    object.metadata.name,
    (object.spec.validations ?? []).length,
    kind ? `${kind.apiVersion}/${kind.kind}` : '<unset>',
    ageOf(object, now),
  ]
}

const policyBinding: Row = (object, now) => {
  const parameters = object.spec.paramRef
  const place = parameters?.namespace ? `${parameters.namespace}/` : '*/'
  const named = parameters?.name ? `${place}${parameters.name}` : '<unset>'
  return [object.metadata.name, object.spec.policyName, named, ageOf(object, now)]
}

export const policyRows: Record<string, Row> = {
  'rbac.authorization.k8s.io/v1/rolebindings': roleBinding,
  'rbac.authorization.k8s.io/v1/clusterrolebindings': roleBinding,
  'admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': webhooks,
  'admissionregistration.k8s.io/v1/validatingwebhookconfigurations': webhooks,
  'admissionregistration.k8s.io/v1/validatingadmissionpolicies': policy,
  'admissionregistration.k8s.io/v1/validatingadmissionpolicybindings': policyBinding,
}
