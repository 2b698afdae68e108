import { analyzers } from './analyzers/index.ts'
import { logLine, type Message } from './message.ts'
import { namespaceOf, type AnalyzedResource, type World } from './world.ts'

export interface AnalyzeOptions {
  /** Undefined: all. */
  namespace: string | undefined
  /** `IST0102=Namespace default`, with `*` in the name. */
  suppress: readonly string[]
  /** Names of analyzers to run; empty: all. */
  only: readonly string[]
}

/** Everything that is wrong in a world, each once, in a stable order: worst first, then by resource. */
export function analyzeWorld(world: World, { namespace, suppress, only }: AnalyzeOptions): Message[] {
  const messages = new Map<string, Message>()
  for (const analyzer of analyzers) {
    if (analyzer.needsCluster && !world.live) continue
    if (only.length > 0 && !only.includes(analyzer.name)) continue
    analyzer.run(world, (code, level, resource, text, path = []) => {
      const message: Message = { code, level, resource, text, path }
      const home = resource.object.kind === 'Namespace' ? resource.object.metadata.name : namespaceOf(resource)
      if (namespace !== undefined && home !== '' && home !== namespace) return
      if (suppressedByAnnotation(resource, code) || suppress.some((rule) => suppresses(rule, message))) return
      messages.set(logLine(message), message)
    })
  }
  const rank = { Error: 0, Warning: 1, Info: 2 }
  const key = (message: Message): string => `${rank[message.level]}${message.code}${logLine(message)}`
  return [...messages.values()].toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}

function suppressedByAnnotation({ object }: AnalyzedResource, code: string): boolean {
  const codes =
    object.metadata.annotations?.['galley.istio.io/analyze-suppress']?.split(',').map((one) => one.trim()) ?? []
  return codes.includes(code) || codes.includes('*')
}

function suppresses(rule: string, { code, resource: { object } }: Message): boolean {
  const [wanted = '', pattern = ''] = rule.split('=')
  if (wanted !== code) return false
  const { name = '', namespace } = object.metadata
  const shown = `${object.kind} ${name}${namespace === undefined ? '' : `.${namespace}`}`
  const expression = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*')
  return new RegExp(`^${expression}$`).test(shown)
}
