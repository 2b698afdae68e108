import { signal } from '@preact/signals'

/** The pages, as the part of the address behind `#` names them. */
export type Route = { page: 'start' } | { page: 'login'; code: string } | { page: 'session'; id: string; step?: string }

export function parseRoute(hash: string): Route {
  const code = /^#code=([\w-]+)$/.exec(hash)?.[1]
  if (code !== undefined) return { page: 'login', code }
  const [, id, step] = /^#\/sessions\/([\w-]+)(?:\/([\w-]+))?$/.exec(hash) ?? []
  if (id !== undefined) return { page: 'session', id, ...(step === undefined ? {} : { step }) }
  return { page: 'start' }
}

export const sessionHash = (id: string, step?: string) => `#/sessions/${id}${step === undefined ? '' : `/${step}`}`

export const route = signal<Route>({ page: 'start' })
