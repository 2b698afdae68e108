import { useEffect, useRef, useState } from 'preact/hooks'
import type { SessionView, TaskView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import { sessionHash } from '../stores/route.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { Mark } from './mark.tsx'
import { Popup } from './popup.tsx'

interface TaskStripProps {
  store: SessionStore
  view: SessionView
  current: string | undefined
  /** The lesson comes to the front, where only one region is shown. */
  onShow: () => void
}

/** All tasks at the bottom edge, and how the connection is. Where there is little room, the tasks are in a sheet. */
export function TaskStrip({ store, view, current, onShow }: TaskStripProps) {
  const show = (task: TaskView) => {
    onShow()
    if (task.step !== current) location.hash = sessionHash(store.id, task.step)
    // The step's HTML may still be on its way.
    const scroll = (tries: number) => {
      const place = document.getElementById(`task-${task.id}`)
      if (place !== null) place.scrollIntoView({ block: 'center' })
      else if (tries > 0) setTimeout(() => scroll(tries - 1), 50)
    }
    setTimeout(() => scroll(20), 30)
  }
  const met = view.tasks.filter((task) => task.met).length
  return (
    <footer class="strip">
      <Popup class="sheet" label={messages.lab.tasks} button={messages.lab.met(met, view.tasks.length)}>
        {(close) => (
          <ol>
            {view.tasks.map((task) => (
              <li key={task.id}>
                <TaskButton
                  task={task}
                  here={task.step === current}
                  onClick={() => {
                    close()
                    show(task)
                  }}
                />
              </li>
            ))}
          </ol>
        )}
      </Popup>
      <TaskRow tasks={view.tasks} current={current} show={show} />
      <ConnectionLine store={store} />
    </footer>
  )
}

interface TaskRowProps {
  tasks: TaskView[]
  current: string | undefined
  show: (task: TaskView) => void
}

/** What is met shrinks to its mark; what is here, ahead, or has fallen back is named. */
function TaskRow({ tasks, current, show }: TaskRowProps) {
  const row = useRef<HTMLOListElement>(null)
  useEffect(() => {
    const here = row.current?.querySelector<HTMLElement>('.here')
    if (row.current && here) row.current.scrollLeft = here.offsetLeft - row.current.clientWidth / 3
  }, [current, tasks])
  return (
    <ol class="task-row" aria-label={messages.lab.tasks} ref={row}>
      {tasks.map((task) => (
        <li key={task.id}>
          <TaskButton
            task={task}
            here={task.step === current}
            bare={task.met && task.step !== current}
            onClick={() => show(task)}
          />
        </li>
      ))}
    </ol>
  )
}

interface TaskButtonProps {
  task: TaskView
  here: boolean
  /** Only the mark is seen. */
  bare?: boolean
  onClick: () => void
}

function TaskButton({ task, here, bare = false, onClick }: TaskButtonProps) {
  return (
    <button type="button" class={here ? 'here' : ''} title={task.title} onClick={onClick}>
      <Mark state={task.state} met={task.met} />
      <span class={bare ? 'unseen' : ''}>{task.title}</span>
      <span class="unseen">: {messages.task.states[task.state]}</span>
    </button>
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
