import { useEffect, useState } from 'preact/hooks'
import type { SessionView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { Preparing } from './preparing.tsx'
import { TerminalTabs } from './terminal-tabs.tsx'
import { WorkspaceNotes } from './workspace-notes.tsx'

type TerminalPaneType = typeof import('./terminal-pane.tsx').TerminalPane

interface WorkProps {
  store: SessionStore
  view: SessionView
  /** Back to the summary of a lab that is over. */
  summary: (() => void) | undefined
}

/** The right side: terminals, or what is being made before there can be any. */
export function Work({ store, view, summary }: WorkProps) {
  const [Pane, setPane] = useState<{ component: TerminalPaneType }>()
  useEffect(() => {
    // xterm is larger than all the rest of the page: it comes after the first paint.
    const load = () => void import('./terminal-pane.tsx').then((module) => setPane({ component: module.TerminalPane }))
    requestAnimationFrame(() => setTimeout(load, 0))
  }, [])
  const terminals = store.terminals.value
  const current = store.current.value
  const preparing = view.state !== 'ready' && view.state !== 'finished'
  // Hidden, not taken away: what a terminal has shown is in it alone, and is there again when the cluster is.
  const hidden = preparing && terminals.length > 0
  return (
    <section class="work" aria-label={messages.lab.work}>
      {store.problem.value !== undefined && (
        <div class="banner" role="alert">
          <p>{store.problem.value}</p>
          <button class="do" type="button" onClick={() => (store.problem.value = undefined)}>
            {messages.error.dismiss}
          </button>
        </div>
      )}
      {summary !== undefined && (
        <div class="banner over">
          <p>{messages.lab.over}</p>
          <button class="do" type="button" onClick={summary}>
            {messages.menu.summary}
          </button>
        </div>
      )}
      {preparing && <Preparing store={store} view={view} />}
      {(!preparing || hidden) && (
        <div class="shells" hidden={hidden}>
          <TerminalTabs store={store} />
          <WorkspaceNotes view={view} />
          <div class="terminals">
            {Pane !== undefined &&
              terminals.map((terminal) => (
                <Pane.component
                  key={terminal.number}
                  store={store}
                  terminal={terminal}
                  visible={!hidden && terminal.number === current}
                />
              ))}
            {terminals.length === 0 && (
              <div class="empty">
                <p>{store.lost.value ? messages.terminal.lost : messages.terminal.none}</p>
                <button class="primary" type="button" onClick={() => store.openTerminal()}>
                  {messages.terminal.open}
                </button>
              </div>
            )}
          </div>
        </div>
      )}
    </section>
  )
}
