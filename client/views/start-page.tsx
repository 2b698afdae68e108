import { useEffect, useState } from 'preact/hooks'
import type { Me } from '../../protocol/rest.ts'
import type { ClusterTier, LabCard } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import { api, ApiError, sentenceOf } from '../stores/api.ts'
import { sessionHash } from '../stores/route.ts'
import { Mark } from './mark.tsx'
import { NeedLink, Notice } from './notice.tsx'

export function StartPage() {
  const [labs, setLabs] = useState<LabCard[]>()
  const [error, setError] = useState<unknown>()
  const [tier, setTier] = useState<ClusterTier>()
  const load = () => {
    setError(undefined)
    api<LabCard[]>('GET', 'labs').then(setLabs, setError)
    api<Me>('GET', 'me').then(({ clusters }) => setTier(clusters), setError)
  }
  useEffect(() => {
    document.title = `${messages.start.title} · ${messages.product}`
    load()
  }, [])
  if (error instanceof ApiError && error.status === 401) return <NeedLink />
  if (error !== undefined) return <Notice title={messages.error.title} text={sentenceOf(error)} retry={load} />
  return (
    <main class="page" aria-busy={labs === undefined}>
      <p class="brand">{messages.product}</p>
      <h1>{messages.start.title}</h1>
      <p class="lead">{messages.start.lead}</p>
      {labs?.length === 0 && <p>{messages.start.none}</p>}
      {labs !== undefined && labs.length > 0 && (
        <ul class="labs" aria-label={messages.start.list}>
          {labs.map((lab) => (
            <LabRow key={lab.id} lab={lab} />
          ))}
        </ul>
      )}
      {labs !== undefined && tier !== undefined && <Tier tier={tier} />}
    </main>
  )
}

function LabRow({ lab }: { lab: LabCard }) {
  const [starting, setStarting] = useState(false)
  const [problem, setProblem] = useState<string>()
  const start = () => {
    setStarting(true)
    setProblem(undefined)
    api<{ id: string }>('POST', 'sessions', { lab: lab.id }).then(
      ({ id }) => (location.hash = sessionHash(id)),
      (error: unknown) => {
        setStarting(false)
        setProblem(sentenceOf(error))
      },
    )
  }
  const running = lab.session !== undefined
  const label = starting ? messages.start.starting : running ? messages.start.continue : messages.start.start
  return (
    <li class="lab-row">
      <div>
        <h2>{lab.title}</h2>
        <p>{lab.summary}</p>
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
      </div>
      <div class="meta">
        {messages.minutes(lab.minutes)} · {messages.tasks(lab.tasks.length)}
        {running && (
          <>
            <br />
            {messages.points(lab.points.earned, lab.points.possible).join('')}
          </>
        )}
        <Progress lab={lab} />
      </div>
      <button class={running ? 'primary' : 'outlined'} type="button" disabled={starting} onClick={start}>
        {label}
        <span class="unseen">: {lab.title}</span>
      </button>
    </li>
  )
}

function Progress({ lab }: { lab: LabCard }) {
  const met = lab.tasks.filter((task) => task.met).length
  return (
    <span class="progress" role="img" aria-label={messages.start.progress(met, lab.tasks.length)}>
      {lab.tasks.map((task) => (
        <Mark key={task.id} state={task.state} met={task.met} />
      ))}
    </span>
  )
}

function Tier({ tier }: { tier: ClusterTier }) {
  const { text, points } = messages.start.tiers[tier]
  return (
    <div class="tier">
      <p>{text}</p>
      <details>
        <summary>{messages.start.tierTitle}</summary>
        <ul>
          {points.map((point) => (
            <li key={point}>{point}</li>
          ))}
        </ul>
      </details>
    </div>
  )
}
