import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'

interface PopupProps {
  class: string
  /** Read out, and shown as a tip; the button's own text is read with it. */
  label: string
  button: ComponentChildren
  children: (close: () => void) => ComponentChildren
}

/** A button that unfolds a small panel; Escape, a click elsewhere and a choice fold it again. */
export function Popup({ class: name, label, button, children }: PopupProps) {
  const [open, setOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const opener = useRef<HTMLButtonElement>(null)
  const id = useId()
  const close = () => {
    setOpen(false)
    opener.current?.focus()
  }
  useEffect(() => {
    if (!open) return
    const outside = (event: Event) => {
      if (event.target instanceof Node && box.current?.contains(event.target) === false) setOpen(false)
    }
    const escape = (event: KeyboardEvent) => event.key === 'Escape' && close()
    addEventListener('pointerdown', outside)
    addEventListener('keydown', escape)
    return () => {
      removeEventListener('pointerdown', outside)
      removeEventListener('keydown', escape)
    }
  }, [open])
  return (
    <div class={`popup ${name}`} ref={box}>
      <button
        ref={opener}
        class="icon-button"
        type="button"
        title={label}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        {button}
        <span class="unseen"> {label}</span>
      </button>
      <div id={id} class="panel" hidden={!open}>
        {open && children(close)}
      </div>
    </div>
  )
}
