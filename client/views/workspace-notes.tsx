import type { SessionView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import { notesRead } from '../stores/preferences.ts'

/** What a learner should know of this machine: that shells have no sandbox, which tools are missing. */
export function notesOf(view: SessionView): string[] {
  return [...(view.sandboxed ? [] : [messages.menu.plain]), ...(view.notes ?? [])]
}

/** Stands above the terminals until it is dismissed, and again when there is something new to say. */
export function WorkspaceNotes({ view }: { view: SessionView }) {
  const notes = notesOf(view)
  const all = notes.join('\n')
  if (notes.length === 0 || notesRead.value === all) return null
  return (
    <div class="notes">
      <div>
        {notes.map((note) => (
          <p key={note}>{note}</p>
        ))}
      </div>
      <button class="do" type="button" onClick={() => (notesRead.value = all)}>
        {messages.error.dismiss}
      </button>
    </div>
  )
}
