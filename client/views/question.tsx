import { useId } from 'preact/hooks'

interface QuestionProps {
  dialog: { current: HTMLDialogElement | null }
  text: { title: string; text: string; confirm: string; cancel: string }
  confirmed: () => void
}

/** Says what would be lost, and asks. Opened with `showModal`. */
export function Question({ dialog, text, confirmed }: QuestionProps) {
  const id = useId()
  const close = () => dialog.current?.close()
  return (
    <dialog ref={dialog} aria-labelledby={id}>
      <h2 id={id}>{text.title}</h2>
      <p>{text.text}</p>
      <p class="actions">
        <button
          class="primary"
          type="button"
          onClick={() => {
            close()
            confirmed()
          }}
        >
          {text.confirm}
        </button>
        <button class="outlined" type="button" onClick={close}>
          {text.cancel}
        </button>
      </p>
    </dialog>
  )
}
