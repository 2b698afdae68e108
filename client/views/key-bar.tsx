import { useState } from 'preact/hooks'
import { messages } from '../messages/index.ts'
import { canPaste } from './clipboard.ts'

const keys: [string, string, string][] = [
  ['Esc', 'Esc', '\u001B'],
  ['Tab', 'Tab', '\t'],
  ['↑', 'Up', '\u001B[A'],
  ['↓', 'Down', '\u001B[B'],
  ['←', 'Left', '\u001B[D'],
  ['→', 'Right', '\u001B[C'],
]
const controls: [string, string][] = [
  ['C', '\u0003'],
  ['D', '\u0004'],
  ['L', '\u000C'],
  ['R', '\u0012'],
]

interface KeyBarProps {
  type: (text: string) => void
  paste: (text: string) => void
}

/** Keys that a phone's keyboard has not. Shown where the pointer is coarse. */
export function KeyBar({ type, paste }: KeyBarProps) {
  const [control, setControl] = useState(false)
  return (
    <div class="key-bar" role="toolbar" aria-label={messages.terminal.keys}>
      <button type="button" aria-pressed={control} onClick={() => setControl(!control)}>
        Ctrl
      </button>
      {control
        ? controls.map(([letter, text]) => (
            <button
              key={letter}
              type="button"
              aria-label={`Ctrl+${letter}`}
              onClick={() => {
                setControl(false)
                type(text)
              }}
            >
              {letter}
            </button>
          ))
        : keys.map(([label, name, text]) => (
            <button key={name} type="button" aria-label={name} onClick={() => type(text)}>
              {label}
            </button>
          ))}
      {canPaste && (
        <button type="button" onClick={() => void navigator.clipboard.readText().then(paste)}>
          {messages.terminal.paste}
        </button>
      )}
    </div>
  )
}
