import { useEffect, useState } from 'preact/hooks'
import type { SessionView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import { sessionHash } from '../stores/route.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { Mark } from './mark.tsx'

interface TaskStripProps {
  store: SessionStore
  view: SessionView
  current: string | undefined
}

/** All tasks at the bottom edge, and how the connection is. */
export function TaskStrip({ store, view, current }: TaskStripProps) {
  const show = (task: string, step: string) => {
    if (step !== current) location.hash = sessionHash(store.id, step)
    // The step's HTML may still be on its way.
    const scroll = (tries: number) => {
      const place = document.getElementById(`task-${task}`)
      if (place !== null) place.scrollIntoView({ block: 'center' })
      else if (tries > 0) setTimeout(() => scroll(tries - 1), 50)
    }
    setTimeout(() => scroll(20), 30)
  }
  return (
    <footer class="strip">
      <ol aria-label={messages.lab.tasks}>
        {view.tasks.map((task) => (
          <li key={task.id}>
            <button
              type="button"
              class={task.step === current ? 'here' : ''}
              title={task.title}
              onClick={() => show(task.id, task.step)}
            >
              <Mark state={task.state} met={task.met} />
              {task.title}
              <span class="unseen">: {messages.task.states[task.state]}</span>
            </button>
          </li>
        ))}
      </ol>
      <ConnectionLine store={store} />
    </footer>
  )
}

function ConnectionLine({ store }: { store: SessionStore }) {
  const connection = store.connection.value
  const [, tick] = useState(0)
  useEffect(() => {
    if (connection.state !== 'waiting') return
    const timer = setInterval(() => tick((count) => count + 1), 500)
    return () => clearInterval(timer)
  }, [connection])
  const text =
    connection.state === 'waiting'
      ? messages.connection.waiting(Math.max(1, Math.ceil((connection.until - Date.now()) / 1000)))
      : messages.connection[connection.state]
  return <span class={`connection ${connection.state}`}>{text}</span>
}
