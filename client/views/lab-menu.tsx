import { useId, useRef } from 'preact/hooks'
import type { SessionView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import { screenReader, type Theme, theme } from '../stores/preferences.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { Icon } from './icons.tsx'
import { Popup } from './popup.tsx'

const themes: Theme[] = ['system', 'light', 'dark']

export function LabMenu({ store, view }: { store: SessionStore; view: SessionView }) {
  const dialog = useRef<HTMLDialogElement>(null)
  return (
    <>
      <Popup class="menu" label={messages.lab.menu} button={<Icon name="menu" />}>
        {(close) => (
          <>
            <fieldset>
              <legend>{messages.menu.theme}</legend>
              {themes.map((each) => (
                <label key={each}>
                  <input
                    type="radio"
                    name="theme"
                    checked={theme.value === each}
                    onChange={() => (theme.value = each)}
                  />
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
            <p>{messages.menu.keys}</p>
            <p>{view.sandboxed ? messages.menu.sandboxed : messages.menu.plain}</p>
            <div class="entries">
              {view.extendable && (
                <button
                  type="button"
                  onClick={() => {
                    close()
                    void store.act('extend')
                  }}
                >
                  {messages.menu.extend}
                </button>
              )}
              <a href="#/">{messages.menu.labs}</a>
              <button
                type="button"
                onClick={() => {
                  close()
                  dialog.current?.showModal()
                }}
              >
                {messages.menu.finish}
              </button>
            </div>
          </>
        )}
      </Popup>
      <FinishDialog store={store} dialog={dialog} />
    </>
  )
}

interface FinishDialogProps {
  store: SessionStore
  dialog: { current: HTMLDialogElement | null }
}

export function FinishDialog({ store, dialog }: FinishDialogProps) {
  const id = useId()
  return (
    <dialog ref={dialog} aria-labelledby={id}>
      <h2 id={id}>{messages.finish.title}</h2>
      <p>{messages.finish.text}</p>
      <p class="actions">
        <button
          class="primary"
          type="button"
          onClick={() => {
            dialog.current?.close()
            void store.act('finish')
          }}
        >
          {messages.finish.confirm}
        </button>
        <button class="outlined" type="button" onClick={() => dialog.current?.close()}>
          {messages.finish.cancel}
        </button>
      </p>
    </dialog>
  )
}
