import { useEffect } from 'preact/hooks'
import type { SessionView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import { Mark } from './mark.tsx'

/** What was met, and how: reads like a certificate, prints on one page. */
export function EndPage({ view, look }: { view: SessionView; look: () => void }) {
  const finished = new Date(view.finishedAt ?? view.endsAt)
  const minutes = Math.max(1, Math.round((finished.getTime() - Date.parse(view.startedAt)) / 60_000))
  const met = view.tasks.filter((task) => task.met).length
  const hints = view.tasks.reduce((sum, task) => sum + task.hints.length, 0)
  useEffect(() => {
    document.title = `${messages.end.eyebrow} · ${view.lab.title} · ${messages.product}`
  }, [view])
  return (
    <main class="page end">
      <p class="brand">{messages.product}</p>
      <p class="eyebrow">
        {messages.end.eyebrow} · {messages.end.date(finished)}
      </p>
      <h1>{messages.end.title(view.lab.title)}</h1>
      <p class="lead">{met === view.tasks.length ? messages.end.all : messages.end.some(met, view.tasks.length)}</p>
      <dl class="figures">
        <div>
          <dt>{messages.end.points}</dt>
          <dd>
            {view.points.earned}
            <small> / {view.points.possible}</small>
          </dd>
        </div>
        <div>
          <dt>{messages.end.time}</dt>
          <dd>{messages.minutes(minutes)}</dd>
        </div>
        <div>
          <dt>{messages.end.hints}</dt>
          <dd>{hints}</dd>
        </div>
      </dl>
      <table class="summary">
        <thead>
          <tr>
            <th scope="col">{messages.end.task}</th>
            <th scope="col">{messages.end.state}</th>
            <th scope="col">{messages.end.pointsColumn}</th>
          </tr>
        </thead>
        <tbody>
          {view.tasks.map((task) => (
            <tr key={task.id}>
              <td>
                <Mark state={task.met ? 'met' : task.state} />
                {task.title}
              </td>
              <td>{task.met ? messages.task.states.met : messages.task.states[task.state]}</td>
              <td>{task.points > 0 && `${task.earned} / ${task.points}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {view.keptUntil !== undefined && (
        <p class="kept">{messages.end.kept(messages.clock(new Date(view.keptUntil)))}</p>
      )}
      <p class="actions">
        {view.keptUntil !== undefined && (
          <button class="outlined" type="button" onClick={look}>
            {messages.end.look}
          </button>
        )}
        <button class="outlined" type="button" onClick={() => print()}>
          {messages.end.print}
        </button>
        <a class="button" href="#/">
          {messages.end.labs}
        </a>
      </p>
    </main>
  )
}
