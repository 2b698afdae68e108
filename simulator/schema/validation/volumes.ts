import { forbidden, invalid, required, type Cause } from '../causes.ts'
import { parseQuantity } from '../quantity.ts'
import type { Tree } from '../tree.ts'
import { dnsLabel } from './names.ts'
import { each, oneOf, textObeys, unique, within } from './rules.ts'

export const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]

export function checkHostPath(source: Tree, path: string): Cause[] {
  if (!source.path) return [required(`${path}.path`)]
  return [
    ...(source.path.split('/').includes('..') ? [invalid(`${path}.path`, source.path, "must not contain '..'")] : []),
    ...(source.type === undefined ? [] : oneOf(source.type, `${path}.type`, hostPathTypes)),
  ]
}

function checkItems(source: Tree, path: string): Cause[] {
  const mode = (value: Tree, at: string): Cause[] =>
    value === undefined || (value >= 0 && value <= 0o777)
      ? []
      : [invalid(at, value, 'must be a number between 0 and 0777 (octal), both inclusive')]
  return [
    ...mode(source.defaultMode, `${path}.defaultMode`),
    ...each(source.items, `${path}.items`, (item, at) => [
      ...(item.key ? [] : [required(`${at}.key`)]),
      ...(item.path ? [] : [required(`${at}.path`)]),
      ...mode(item.mode, `${at}.mode`),
    ]),
  ]
}

const sources: Record<string, (source: Tree, path: string) => Cause[]> = {
  emptyDir: (source, path) =>
    (parseQuantity(source.sizeLimit ?? '0')?.nanos ?? 0n) < 0n
      ? [forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
      : [],
  hostPath: checkHostPath,
  secret: (source, path) => (source.secretName ? checkItems(source, path) : [required(`${path}.secretName`)]),
  configMap: (source, path) => (source.name ? checkItems(source, path) : [required(`${path}.name`)]),
  persistentVolumeClaim: (source, path) => (source.claimName ? [] : [required(`${path}.claimName`)]),
  nfs: (source, path) => [
    ...(source.server ? [] : [required(`${path}.server`)]),
    ...(source.path ? [] : [required(`${path}.path`)]),
    ...(source.path && !source.path.startsWith('/')
      ? [invalid(`${path}.path`, source.path, 'must be an absolute path')]
      : []),
  ],
  projected: (source, path) =>
    each(source.sources, `${path}.sources`, (part, at) =>
      part.serviceAccountToken
        ? within(
            part.serviceAccountToken.expirationSeconds,
            `${at}.serviceAccountToken.expirationSeconds`,
            600,
            4294967296,
          )
        : [],
    ),
}

function checkVolume(volume: Tree, path: string): Cause[] {
  const given = Object.keys(volume).filter((name) => name !== 'name')
  const causes = given.flatMap((name, i) =>
    i > 0
      ? [forbidden(`${path}.${name}`, 'may not specify more than 1 volume type')]
      : (sources[name]?.(volume[name], `${path}.${name}`) ?? []),
  )
  if (!volume.name) causes.push(required(`${path}.name`))
  else causes.push(...textObeys(volume.name, `${path}.name`, dnsLabel))
  return causes
}

export function checkVolumes(volumes: Tree, path: string): Cause[] {
  return [...each(volumes, path, checkVolume), ...unique(volumes ?? [], path, ({ name }) => name ?? '', '.name')]
}
