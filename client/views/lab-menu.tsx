import { useRef } from 'preact/hooks'
import type { SessionView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import { screenReader, type Theme, theme } from '../stores/preferences.ts'
import { sessionHash } from '../stores/route.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { Icon } from './icons.tsx'
import { Popup } from './popup.tsx'
import { Question } from './question.tsx'
import { notesOf } from './workspace-notes.tsx'

const themes: Theme[] = ['system', 'light', 'dark']

interface LabMenuProps {
  store: SessionStore
  view: SessionView
  /** Back to the summary of a lab that is over. */
  summary: (() => void) | undefined
}

export function LabMenu({ store, view, summary }: LabMenuProps) {
  const finish = useRef<HTMLDialogElement>(null)
  const reset = useRef<HTMLDialogElement>(null)
  const startOver = useRef<HTMLDialogElement>(null)
  const anew = async () => {
    const id = await store.startOver()
    if (id !== undefined) location.hash = sessionHash(id)
  }
  return (
    <>
      <Popup class="menu" label={messages.lab.menu} button={<Icon name="menu" />}>
        {(close) => (
          <>
            <Settings />
            <p>{messages.menu.keys}</p>
            <p>{messages.menu.clusters[view.clusters]}</p>
            {view.sandboxed && <p>{messages.menu.sandboxed}</p>}
            {notesOf(view).map((note) => (
              <p key={note}>{note}</p>
            ))}
            <p>{messages.time.until(messages.clock(new Date(view.endsAt)))}</p>
            <div class="entries">
              {view.extendable && (
                <Entry text={messages.menu.extend} close={close} act={() => void store.act('extend')} />
              )}
              <a href="#/">{messages.menu.labs}</a>
              {view.state !== 'finished' && view.state !== 'preparing' && (
                <Entry text={messages.menu.reset} close={close} act={() => reset.current?.showModal()} />
              )}
              <Entry text={messages.menu.startOver} close={close} act={() => startOver.current?.showModal()} />
              {summary === undefined ? (
                <Entry text={messages.menu.finish} close={close} act={() => finish.current?.showModal()} />
              ) : (
                <Entry text={messages.menu.summary} close={close} act={summary} />
              )}
            </div>
          </>
        )}
      </Popup>
      <FinishQuestion store={store} dialog={finish} />
      <Question dialog={reset} text={messages.reset} confirmed={() => void store.act('reset')} />
      <Question dialog={startOver} text={messages.startOver} confirmed={() => void anew()} />
    </>
  )
}

function Settings() {
  return (
    <>
      <fieldset>
        <legend>{messages.menu.theme}</legend>
        {themes.map((each) => (
          <label key={each}>
            <input type="radio" name="theme" checked={theme.value === each} onChange={() => (theme.value = each)} />
            {messages.menu[each]}
          </label>
        ))}
      </fieldset>
      <label>
        <input
          type="checkbox"
          checked={screenReader.value}
          onChange={(event) => (screenReader.value = event.currentTarget.checked)}
        />
        {messages.menu.reader}
      </label>
    </>
  )
}

function Entry({ text, close, act }: { text: string; close: () => void; act: () => void }) {
  return (
    <button
      type="button"
      onClick={() => {
        close()
        act()
      }}
    >
      {text}
    </button>
  )
}

interface FinishQuestionProps {
  store: SessionStore
  dialog: { current: HTMLDialogElement | null }
}

export function FinishQuestion({ store, dialog }: FinishQuestionProps) {
  return <Question dialog={dialog} text={messages.finish} confirmed={() => void store.act('finish')} />
}
