/** Without a tag `latest` is meant, and an engine that is asked for a repository alone would hand out all of its tags. */
export function withTag(image: string): string {
  return /:[^/]+$/.test(image) ? image : `${image}:latest`
}

/**
 * The name under which a node keeps what a pod asks for by a shorter one (distribution/reference, ParseNormalizedNamed): the first part
 * is a registry when it has a dot or a port, or is localhost.
 */
export function nameInNode(image: string): string {
  const tagged = withTag(image)
  const [first = '', ...rest] = tagged.split('/')
  if (rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')) {
    if (first !== 'docker.io' && first !== 'index.docker.io') return tagged
    return `docker.io/${rest.length === 1 ? 'library/' : ''}${rest.join('/')}`
  }
  return `docker.io/${rest.length === 0 ? 'library/' : ''}${tagged}`
}
