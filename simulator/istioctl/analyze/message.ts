import type { AnalyzedResource } from './world.ts'

export type Level = 'Info' | 'Warning' | 'Error'

const order: readonly Level[] = ['Info', 'Warning', 'Error']

export function atLeast(level: Level, threshold: Level): boolean {
  return order.indexOf(level) >= order.indexOf(threshold)
}

export function levelOf(text: string): Level | undefined {
  return order.find((level) => level.toLowerCase() === text.toLowerCase())
}

/** One thing that was found. */
export interface Message {
  code: string
  level: Level
  text: string
  resource: AnalyzedResource
  /** Where in the resource, for the line number. */
  path: readonly (string | number)[]
}

/** `VirtualService default/reviews` */
export function originOf({ object }: AnalyzedResource): string {
  const { name = '', namespace } = object.metadata
  return `${object.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}

/** `world.yaml:46`; undefined for what lies in the cluster only. */
export function referenceOf({ resource, path }: Message): string | undefined {
  return resource.file === undefined ? undefined : `${resource.file}:${resource.lineOf(path)}`
}

export function logLine(message: Message): string {
  const reference = referenceOf(message)
  const where = `${originOf(message.resource)}${reference === undefined ? '' : ` ${reference}`}`
  return `${message.level} [${message.code}] (${where}) ${message.text}`
}

export function asObject(message: Message): Record<string, string> {
  const reference = referenceOf(message)
  return {
    code: message.code,
    documentationUrl: `https://istio.io/v1.31/docs/reference/config/analysis/${message.code.toLowerCase()}/?ref=istioctl-analyze`,
    level: message.level,
    message: message.text,
    origin: originOf(message.resource),
    ...(reference === undefined ? {} : { reference }),
  }
}
