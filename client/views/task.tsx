import { useEffect, useState } from 'preact/hooks'
import type { TaskView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { EvidenceView } from './evidence.tsx'
import { Mark } from './mark.tsx'
import { Prose } from './prose.tsx'

/** A task at its place in the text: what is wanted, what was seen, and what can be done about it. */
export function Task({ store, id, section }: { store: SessionStore; id: string; section: HTMLElement }) {
  const task = store.task(id)
  const state = task?.state ?? 'todo'
  useEffect(() => {
    section.dataset['state'] = state === 'frozen' && task?.met === true ? 'met' : state
    section.id = `task-${id}`
    section.setAttribute('aria-label', task?.title ?? '')
  }, [state, task?.met, task?.title])
  if (task === undefined) return null
  const session = store.view.value?.state
  const idle = session !== 'ready'
  return (
    <>
      <header>
        <Mark state={task.state} met={task.met} />
        <h2>
          {task.title}
          <span class="unseen"> ({messages.task.states[task.state]})</span>
        </h2>
        {task.points > 0 && <span class="pts">{messages.pointsOf(task.points)}</span>}
      </header>
      <Verdict task={task} />
      {task.hints.length > 0 && (
        <ol class="hints" aria-label={messages.task.hintTitle}>
          {task.hints.map((hint) => (
            <li key={hint}>
              <Prose text={hint} />
            </li>
          ))}
        </ol>
      )}
      {task.state !== 'frozen' && (
        <footer>
          <button
            class={task.met && task.state === 'met' ? 'do quiet' : 'primary small'}
            type="button"
            disabled={idle || task.state === 'checking'}
            onClick={() => void store.check(id)}
          >
            {task.state === 'checking' ? messages.task.checking : messages.task.check}
          </button>
          {task.nextHintCost !== undefined && task.state !== 'met' && session !== 'finished' && (
            <button class="do quiet" type="button" onClick={() => void store.hint(id)}>
              {messages.task.hint(task.nextHintCost)}
            </button>
          )}
        </footer>
      )}
    </>
  )
}

function Verdict({ task }: { task: TaskView }) {
  const note = {
    broken: messages.task.brokenNote,
    fallen: messages.task.fallenNote,
    frozen: messages.task.frozenNote,
  }[task.state as string]
  const told = task.state !== 'met' && task.state !== 'todo' && task.reason !== undefined && task.reason !== ''
  return (
    <>
      {told && (
        <p class="reason">
          <Prose text={task.reason ?? ''} />
        </p>
      )}
      {note !== undefined && <p class="note-line">{note}</p>}
      {task.evidence.length > 0 && task.state !== 'todo' && (
        <details open={task.state === 'unmet' || task.state === 'fallen'}>
          <summary>{messages.task.evidence}</summary>
          <EvidenceView evidence={task.evidence} />
          <CheckedAt task={task} />
        </details>
      )}
    </>
  )
}

function ago(then: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - then) / 1000))
  if (seconds < 3) return messages.task.now
  return seconds < 60 ? messages.task.secondsAgo(seconds) : messages.task.minutesAgo(Math.floor(seconds / 60))
}

function CheckedAt({ task }: { task: TaskView }) {
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 5000)
    return () => clearInterval(timer)
  }, [])
  if (task.checkedAt === undefined) return null
  const took = messages.seconds(task.milliseconds ?? 0)
  return <p class="fine">{messages.task.checked(ago(Date.parse(task.checkedAt)), took)}</p>
}
