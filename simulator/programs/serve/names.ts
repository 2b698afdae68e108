import { findImage, repositories } from '../images.ts'
import type { Image } from '../program.ts'

/** `istio/examples-bookinfo-reviews-v2` is `reviews-v2`, `kennethreitz/httpbin` is `httpbin`. */
function shortName(repository: string): string {
  return repository.slice(repository.lastIndexOf('/') + 1).replace(/^examples-bookinfo-/, '')
}

/** Programs by their short names; where two repositories share one, the first is meant. */
const byShortName = new Map(repositories.toReversed().map((repository) => [shortName(repository), repository]))

export const programNames: readonly string[] = [...byShortName.keys()].sort()

/** The program of a short name or of an image; undefined when there is none. */
export function findProgram(name: string): Image | undefined {
  return findImage(name) ?? findImage(byShortName.get(name) ?? '')
}
