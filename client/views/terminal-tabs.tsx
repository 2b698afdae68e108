import { useRef, useState } from 'preact/hooks'
import { messages } from '../messages/index.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { Icon } from './icons.tsx'

/** Names of the terminals: choose, rename, close, open. Arrow keys move along them. */
export function TerminalTabs({ store }: { store: SessionStore }) {
  const terminals = store.terminals.value
  const current = store.current.value
  const chosen = terminals.find(({ number }) => number === current)
  const [renaming, setRenaming] = useState(false)
  const list = useRef<HTMLDivElement>(null)
  const move = (event: KeyboardEvent) => {
    const at = terminals.findIndex(({ number }) => number === current)
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const next = by === undefined ? undefined : terminals.at((at + by) % terminals.length)
    if (next === undefined) return
    event.preventDefault()
    store.current.value = next.number
    list.current?.querySelector<HTMLElement>(`[data-number="${next.number}"]`)?.focus()
  }
  return (
    <div class="tabs">
      <div class="tab-list" role="tablist" aria-label={messages.terminal.list} ref={list} onKeyDown={move}>
        {terminals.map(({ number, name, exitCode }) => (
          <button
            key={number}
            id={`tab-${number}`}
            type="button"
            role="tab"
            data-number={number}
            class={exitCode === undefined ? '' : 'ended'}
            aria-selected={number === current}
            aria-controls={`terminal-${number}`}
            tabIndex={number === current ? 0 : -1}
            onClick={() => (store.current.value = number)}
            onDblClick={() => setRenaming(true)}
          >
            {name}
          </button>
        ))}
      </div>
      <button
        class="icon-button"
        type="button"
        aria-label={messages.terminal.new}
        title={messages.terminal.new}
        onClick={() => store.openTerminal()}
      >
        <Icon name="plus" />
      </button>
      <span class="spacer" />
      {chosen !== undefined && renaming && (
        <Rename
          name={chosen.name}
          done={(name) => {
            setRenaming(false)
            if (name !== undefined) store.renameTerminal(chosen.number, name)
          }}
        />
      )}
      {chosen !== undefined && !renaming && (
        <>
          <button
            class="icon-button"
            type="button"
            aria-label={messages.terminal.rename(chosen.name)}
            title={messages.terminal.rename(chosen.name)}
            onClick={() => setRenaming(true)}
          >
            <Icon name="pencil" />
          </button>
          <button
            class="icon-button"
            type="button"
            aria-label={messages.terminal.close(chosen.name)}
            title={messages.terminal.close(chosen.name)}
            onClick={() => store.closeTerminal(chosen.number)}
          >
            <Icon name="close" />
          </button>
        </>
      )}
    </div>
  )
}

function Rename({ name, done }: { name: string; done: (name?: string) => void }) {
  return (
    <input
      class="rename"
      aria-label={messages.terminal.renameLabel}
      defaultValue={name}
      maxLength={64}
      ref={(input) => input?.select()}
      onKeyDown={(event) => {
        if (event.key === 'Enter') done(event.currentTarget.value)
        if (event.key === 'Escape') done()
      }}
      onBlur={(event) => done(event.currentTarget.value)}
    />
  )
}
