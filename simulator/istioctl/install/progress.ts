import type { InstallComponent } from '../../mesh/istiod/index.ts'
import type { Io } from '../command-line/io.ts'

type ComponentId = InstallComponent['id']

const names: Record<ComponentId, { name: string; sign: string }> = {
  Base: { name: 'Istio core', sign: '⛵️' },
  Pilot: { name: 'Istiod', sign: '🧠' },
  EgressGateways: { name: 'Egress gateways', sign: '🛫' },
  IngressGateways: { name: 'Ingress gateways', sign: '🛬' },
}

/** Longer lines end in an ellipsis, so that a terminal can redraw them. */
const longestLine = 100

/** A sail, drawn before the installation begins. */
export const banner = [
  '           /|',
  '          / |\\',
  '         /  | \\',
  '        /   |  \\',
  '       /    |   \\',
  '      /     |    \\',
  '     /______|_____\\',
  '    ________|________',
  '    \\______________/',
  '~~~~~~~~~~~~~~~~~~~~~~~~~',
  '',
].join('\n')

/** The lines on stderr: on a terminal the unfinished one is redrawn, elsewhere each state is a line of its own. */
export class Progress {
  readonly #io: Io
  /** Unfinished components: what each waits for. */
  readonly #open = new Map<ComponentId, string>()
  #drawn = ''

  constructor(io: Io) {
    this.#io = io
  }

  start(components: readonly ComponentId[]): void {
    for (const id of components) this.#open.set(id, '')
    this.#draw()
  }

  /** `Deployment/istio-system/istiod` */
  waiting(id: ComponentId, resources: readonly string[]): void {
    this.#open.set(id, resources.join(', '))
    this.#draw()
  }

  installed(id: ComponentId): void {
    this.#finish(id, `✔ ${names[id].name} installed ${names[id].sign}`)
  }

  failed(id: ComponentId, message: string): void {
    this.#finish(id, `✘ ${names[id].name} encountered an error: ${message}\n  `)
  }

  step(line: string): void {
    this.#line(line)
  }

  /** The last line stays without an end where nobody looks on, as it was recorded. */
  done(): void {
    this.#io.stderr(`✔ Installation complete${this.#io.terminal ? '\n' : ''}`)
  }

  #finish(id: ComponentId, line: string): void {
    this.#open.delete(id)
    this.#clear()
    this.#line(line)
    this.#drawn = ''
    if (this.#io.terminal) this.#draw()
  }

  #draw(): void {
    if (this.#open.size === 0) return
    const components = [...this.#open.keys()].map((id) => names[id].name)
    const waits = [...this.#open.values()].filter((text) => text !== '')
    const full = `- Processing resources for ${components.join(', ')}.${waits.length > 0 ? ` Waiting for ${waits.join(', ')}` : ''}`
    const line = full.length > longestLine ? `${full.slice(0, longestLine - 3)}...` : full
    if (line === this.#drawn) return
    this.#clear()
    this.#drawn = line
    this.#io.stderr(this.#io.terminal ? line : `${line}\n`)
  }

  #clear(): void {
    if (this.#io.terminal && this.#drawn !== '') this.#io.stderr('\r\u001B[K')
  }

  #line(text: string): void {
    this.#io.stderr(`${text}\n`)
  }
}
