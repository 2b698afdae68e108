/** Rules of metadata, for objects of every kind. */
import type { Resource } from '../../kubernetes/index.ts'
import { forbidden, invalid, required, tooLong, type Cause } from '../causes.ts'
import { sameTree, type Tree } from '../tree.ts'
import { dns1035Label, dnsLabel, dnsSubdomain, ipAddress, pathSegment, qualifiedName, type TextRule } from './names.ts'
import { each, immutable, requiredText, textObeys } from './rules.ts'
import { checkLabels } from './selectors.ts'

const atMost52: TextRule = (text) => (text.length > 52 ? ['must be no more than 52 characters'] : [])
const rules: Record<string, TextRule> = {
  Service: dns1035Label,
  Namespace: dnsLabel,
  StatefulSet: dnsLabel,
  Role: pathSegment,
  ClusterRole: pathSegment,
  RoleBinding: pathSegment,
  ClusterRoleBinding: pathSegment,
  Event: pathSegment,
  CronJob: (text) => [...dnsSubdomain(text), ...atMost52(text)],
  IPAddress: ipAddress,
  APIService: pathSegment,
  CertificateSigningRequest: pathSegment,
}

const mostAnnotationBytes = 256 * 1024
const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

function checkName({ name, generateName }: Tree, rule: TextRule): Cause[] {
  const causes: Cause[] = []
  if (generateName)
    causes.push(
      ...rule(String(generateName).replace(/-$/, 'a')).map((text) =>
        invalid('metadata.generateName', generateName, text),
      ),
    )
  if (!name) causes.push(required('metadata.name', 'name or generateName is required'))
  else causes.push(...textObeys(name, 'metadata.name', rule))
  return causes
}

function checkAnnotations(annotations: Tree): Cause[] {
  const entries = Object.entries<string>(annotations ?? {})
  const causes = entries.flatMap(([key]) =>
    // Keys may have upper-case letters, though those of labels may not in their prefix.
    qualifiedName(key.toLowerCase()).map((text) => invalid('metadata.annotations', key, text)),
  )
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  if (size > mostAnnotationBytes) causes.push(tooLong('metadata.annotations', mostAnnotationBytes))
  return causes
}

function checkOwner(owner: Tree): Cause[] {
  const at = 'metadata.ownerReferences'
  const causes: Cause[] = []
  if (!owner.apiVersion) causes.push(invalid(`${at}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'))
  for (const [field, noun] of [
    ['kind', 'kind'],
    ['name', 'name'],
    ['uid', 'uid'],
  ] as const)
    if (!owner[field]) causes.push(invalid(`${at}.${field}`, owner[field] ?? '', `${noun} must not be empty`))
  if (owner.apiVersion === 'v1' && owner.kind === 'Event')
    causes.push(invalid(at, owner, '/v1, Kind=Event is disallowed from being an owner'))
  return causes
}

function checkOwners(owners: Tree): Cause[] {
  const controllers = (owners ?? []).filter((owner: Tree) => owner.controller)
  const causes = (owners ?? []).flatMap(checkOwner)
  if (controllers.length > 1)
    causes.push(
      invalid(
        'metadata.ownerReferences',
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0].name} and ${controllers[1].name}`,
      ),
    )
  return causes
}

function checkFinalizers(finalizers: Tree): Cause[] {
  const wrong = each(finalizers, 'metadata.finalizers', (name) => textObeys(name, 'metadata.finalizers', qualifiedName))
  const unqualified = each(finalizers, 'metadata.finalizers', (name, at) =>
    name.includes('/') || standardFinalizers.has(name)
      ? []
      : [invalid(at, name, 'name is neither a standard finalizer name nor is it fully qualified')],
  )
  return [...wrong, ...unqualified]
}

/** Name, labels, annotations, owners and finalizers of an object on its way in. A stored object's name was judged when it was made. */
export function checkMetadata(
  resource: Pick<Resource, 'kind' | 'namespaced'>,
  object: Tree,
  isUpdate = false,
): Cause[] {
  const { metadata } = object
  const causes = checkName(metadata, isUpdate ? pathSegment : (rules[resource.kind] ?? dnsSubdomain))
  if (resource.namespaced) causes.push(...requiredText(metadata.namespace, 'metadata.namespace', dnsLabel))
  else if (metadata.namespace) causes.push(forbidden('metadata.namespace', 'not allowed on this type'))
  return [
    ...causes,
    ...checkLabels(metadata.labels, 'metadata.labels'),
    ...checkAnnotations(metadata.annotations),
    ...checkOwners(metadata.ownerReferences),
    ...checkFinalizers(metadata.finalizers),
  ]
}

/** What may not change, and no new finalizers on what is being deleted. */
export function checkMetadataUpdate(object: Tree, old: Tree): Cause[] {
  const causes: Cause[] = []
  for (const field of [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ])
    if (object.metadata[field] !== undefined && !sameTree(object.metadata[field], old.metadata[field]))
      causes.push(immutable(object.metadata[field], `metadata.${field}`))
  const added = (object.metadata.finalizers ?? []).filter(
    (name: string) => !(old.metadata.finalizers ?? []).includes(name),
  )
  if (old.metadata.deletionTimestamp && added.length > 0)
    causes.push(
      forbidden(
        'metadata.finalizers',
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((name: string) => JSON.stringify(name)).join(', ')}}`,
      ),
    )
  return [
    ...causes,
    ...checkLabels(object.metadata.labels, 'metadata.labels'),
    ...checkAnnotations(object.metadata.annotations),
    ...checkOwners(object.metadata.ownerReferences),
  ]
}
