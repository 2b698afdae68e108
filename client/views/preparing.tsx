import { useEffect, useState } from 'preact/hooks'
import type { PhaseView, SessionView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import type { SessionStore } from '../stores/session-store.ts'

/** The phases of a session that is being made, each with its bar against the usual time and its log. */
export function Preparing({ store, view }: { store: SessionStore; view: SessionView }) {
  const title =
    view.state === 'failed'
      ? messages.preparing.failed
      : view.state === 'recovering'
        ? messages.preparing.recovering
        : messages.preparing.title
  return (
    <div class="preparing">
      <h2>{title}</h2>
      {view.problem !== undefined && (
        <p class="problem" role="alert">
          {view.problem.sentence}
        </p>
      )}
      {view.state !== 'failed' && <p class="hint-line">{messages.preparing.read}</p>}
      <ol class="phases">
        {view.phases.map((phase) => (
          <Phase key={phase.id} phase={phase} />
        ))}
      </ol>
      {view.state === 'failed' && (
        <button class="primary" type="button" onClick={() => void store.act('retry')}>
          {messages.preparing.retry}
        </button>
      )}
    </div>
  )
}

function Phase({ phase }: { phase: PhaseView }) {
  const [since] = useState(() => Date.now())
  const [now, setNow] = useState(since)
  useEffect(() => {
    if (phase.state !== 'running') return
    const timer = setInterval(() => setNow(Date.now()), 100)
    return () => clearInterval(timer)
  }, [phase.state])
  const elapsed = phase.milliseconds ?? (phase.state === 'running' ? now - since : 0)
  const usual = phase.usualMilliseconds
  const share =
    phase.state === 'done' || phase.state === 'failed'
      ? 1
      : usual === undefined
        ? undefined
        : Math.min(0.97, elapsed / usual)
  const time = phase.state === 'waiting' || elapsed === 0 ? '' : messages.seconds(elapsed)
  return (
    <li class={phase.state}>
      <div class="phase-line">
        <b>{phase.title}</b>
        <span>
          {messages.preparing.states[phase.state]} {time}
          {phase.state === 'running' &&
            usual !== undefined &&
            `, ${messages.preparing.usually(messages.seconds(usual))}`}
        </span>
      </div>
      <progress
        aria-label={phase.title}
        max={1}
        {...(share === undefined && phase.state === 'running' ? {} : { value: share ?? 0 })}
      />
      {phase.log.length > 0 && (
        <details open={phase.state === 'failed'}>
          <summary>{messages.preparing.log}</summary>
          <pre tabIndex={0}>{phase.log.join('\n')}</pre>
        </details>
      )}
    </li>
  )
}
