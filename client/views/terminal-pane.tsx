import '@xterm/xterm/css/xterm.css'
import { ClipboardAddon } from '@xterm/addon-clipboard'
import { FitAddon } from '@xterm/addon-fit'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { Terminal } from '@xterm/xterm'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { TerminalView } from '../../protocol/live.ts'
import { messages } from '../messages/index.ts'
import { screenReader, theme } from '../stores/preferences.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { copyText } from './clipboard.ts'
import { KeyBar } from './key-bar.tsx'
import { installTerminalStyles } from './terminal-styles.ts'
import { terminalTheme } from './terminal-theme.ts'

const FONT = '"JetBrains Mono Variable"'
const FONT_SIZE_PX = 14
const SCROLLBACK_LINES = 10_000
const RESIZE_MILLISECONDS = 100

interface TerminalPaneProps {
  store: SessionStore
  terminal: TerminalView
  visible: boolean
}

function createTerminal(): Terminal {
  return new Terminal({
    allowProposedApi: true,
    cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    fontFamily: `${FONT}, ui-monospace, monospace`,
    fontSize: FONT_SIZE_PX,
    lineHeight: 1.25,
    minimumContrastRatio: 4.5,
    screenReaderMode: screenReader.value,
    scrollback: SCROLLBACK_LINES,
    theme: terminalTheme(),
  })
}

const encoder = new TextEncoder()

/** Pasted text must not say where the paste ends (xterm 6.0.0 lets it). */
function withoutPasteMarks(text: string): string {
  return text.replaceAll(/\u001B\[20[01]~/g, '')
}

/** Joins xterm and the terminal's stream; returns what parts them. */
function connect(xterm: Terminal, host: HTMLElement, store: SessionStore, number: number): () => void {
  const stream = store.stream(number)
  xterm.loadAddon(new WebLinksAddon((_, url) => open(url, '_blank', 'noopener,noreferrer')))
  // Programs may fill the clipboard (OSC 52) and never read it.
  xterm.loadAddon(
    new ClipboardAddon(undefined, {
      readText: () => '',
      writeText: (_, text) => copyText(text),
    }),
  )
  const data = xterm.onData((text) => stream.type(encoder.encode(text)))
  const binary = xterm.onBinary((text) => stream.type(Uint8Array.from(text, (letter) => letter.charCodeAt(0))))
  const paste = (event: ClipboardEvent) => {
    const text = event.clipboardData?.getData('text/plain')
    if (text === undefined) return
    event.preventDefault()
    event.stopPropagation()
    xterm.paste(withoutPasteMarks(text))
  }
  host.addEventListener('paste', paste, true)
  xterm.attachCustomKeyEventHandler((event) => {
    const copies = event.ctrlKey && event.shiftKey && event.code === 'KeyC'
    if (copies && event.type === 'keydown') {
      event.preventDefault()
      void copyText(xterm.getSelection())
    }
    return !copies
  })
  stream.show({
    write: (bytes, parsed) => xterm.write(bytes, parsed),
    reset: () => xterm.reset(),
  })
  return () => {
    data.dispose()
    binary.dispose()
    host.removeEventListener('paste', paste, true)
  }
}

export function TerminalPane({ store, terminal, visible }: TerminalPaneProps) {
  const { number, name, exitCode } = terminal
  const host = useRef<HTMLDivElement>(null)
  const xterm = useRef<Terminal | undefined>(undefined)
  const fit = useRef<FitAddon | undefined>(undefined)
  // xterm's own text field is made late and must be named after it was.
  const currentName = useRef(name)

  useEffect(() => {
    const element = host.current
    if (element === null) return
    let disposed = false
    const ends: (() => void)[] = []
    // xterm measures letters once: the font must be there.
    const start = () => {
      if (disposed) return
      const made = createTerminal()
      const fitting = new FitAddon()
      made.loadAddon(fitting)
      installTerminalStyles()
      made.open(element)
      label()
      xterm.current = made
      fit.current = fitting
      let timer: ReturnType<typeof setTimeout> | undefined
      const sized = made.onResize(({ cols, rows }) => store.resize(number, cols, rows))
      const observer = new ResizeObserver(() => {
        clearTimeout(timer)
        timer = setTimeout(() => element.offsetWidth > 0 && fitting.fit(), RESIZE_MILLISECONDS)
      })
      observer.observe(element)
      if (element.offsetWidth > 0) fitting.fit()
      store.resize(number, made.cols, made.rows)
      ends.push(connect(made, element, store, number), () => {
        observer.disconnect()
        clearTimeout(timer)
        sized.dispose()
        made.dispose()
      })
      if (element.offsetWidth > 0 && !matchMedia('(pointer: coarse)').matches) made.focus()
    }
    document.fonts.load(`${FONT_SIZE_PX}px ${FONT}`).then(start, start)
    return () => {
      disposed = true
      for (const end of ends) end()
    }
  }, [number])

  const connected = store.connection.value.state === 'connected'
  useLayoutEffect(() => {
    const made = xterm.current
    if (!visible || made === undefined) return
    fit.current?.fit()
    store.resize(number, made.cols, made.rows)
    if (!matchMedia('(pointer: coarse)').matches) made.focus()
  }, [visible, connected])

  const label = () =>
    host.current?.querySelector('textarea')?.setAttribute('aria-label', messages.terminal.label(currentName.current))
  useEffect(() => {
    currentName.current = name
    label()
  }, [name])

  const reader = screenReader.value
  useEffect(() => {
    if (xterm.current !== undefined) xterm.current.options.screenReaderMode = reader
  }, [reader])

  const chosen = theme.value
  useEffect(() => {
    const recolour = () => {
      if (xterm.current !== undefined) xterm.current.options.theme = terminalTheme()
    }
    recolour()
    const system = matchMedia('(prefers-color-scheme: dark)')
    system.addEventListener('change', recolour)
    return () => system.removeEventListener('change', recolour)
  }, [chosen])

  return (
    <div id={`terminal-${number}`} class="pane" role="tabpanel" aria-labelledby={`tab-${number}`} hidden={!visible}>
      <div class="xterm-host" ref={host} />
      {exitCode !== undefined && (
        <div class="ended-line" role="status">
          <span>{messages.terminal.ended(exitCode)}</span>
          <button class="do" type="button" onClick={() => store.openTerminal()}>
            {messages.terminal.new}
          </button>
        </div>
      )}
      <KeyBar
        type={(text) => {
          store.stream(number).type(encoder.encode(text))
          xterm.current?.focus()
        }}
        paste={(text) => xterm.current?.paste(withoutPasteMarks(text))}
      />
    </div>
  )
}
