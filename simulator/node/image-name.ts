import { createHash } from 'node:crypto'

/** `nginx:1.27` as containerd names it: `docker.io/library/nginx:1.27`. */
export function canonicalImage(image: string): string {
  const [first = '', ...rest] = image.split('/')
  const hasRegistry = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost')
  const full = hasRegistry ? image : `docker.io/${rest.length === 0 ? 'library/' : ''}${image}`
  const last = full.slice(full.lastIndexOf('/') + 1)
  return last.includes(':') || last.includes('@') ? full : `${full}:latest`
}

/** A digest that is always the same for the same image name; nothing is behind it. */
export function imageId(image: string): string {
  const name = canonicalImage(image)
  if (name.includes('@')) return name
  return `${name.slice(0, name.lastIndexOf(':'))}@sha256:${createHash('sha256').update(name).digest('hex')}`
}

/** What containerd says of an image that its registry does not have. */
export function pullFailure(image: string): string {
  const name = canonicalImage(image)
  return `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`
}

/** Docker's grammar for references, shortened: lower-case path parts, an optional tag or digest. */
export function isImageName(image: string): boolean {
  return /^([a-zA-Z0-9.-]+(:\d+)?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/.test(
    image,
  )
}
