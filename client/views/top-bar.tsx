import { useEffect, useState } from 'preact/hooks'
import type { SessionView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import { lessonFolded } from '../stores/preferences.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { Icon } from './icons.tsx'
import { LabMenu } from './lab-menu.tsx'
import { Mark } from './mark.tsx'
import { Popup } from './popup.tsx'

const MINUTE_MILLISECONDS = 60_000
const TICK_MILLISECONDS = 10_000
const SHOW_LEFT_MINUTES = 60
const WARN_MINUTES = 10

interface TopBarProps {
  store: SessionStore
  view: SessionView
  index: number
  go: (index: number) => void
  skip: () => void
  /** Back to the summary of a lab that is over. */
  summary: (() => void) | undefined
}

export function TopBar({ store, view, index, go, skip, summary }: TopBarProps) {
  const [earned, possible] = messages.points(view.points.earned, view.points.possible)
  return (
    <header class="bar">
      <button class="skip primary small" type="button" onClick={skip}>
        {messages.lab.skip}
      </button>
      <a class="home" href="#/">
        {messages.product}
      </a>
      <span class="lab-title">{view.lab.title}</span>
      <StepNav view={view} index={index} go={go} />
      <span class="spacer" />
      <span class="points">
        <b>{earned}</b>
        <span>{possible}</span>
      </span>
      <Time view={view} />
      <button
        class="icon-button fold"
        type="button"
        aria-label={lessonFolded.value ? messages.lab.showLesson : messages.lab.foldLesson}
        title={lessonFolded.value ? messages.lab.showLesson : messages.lab.foldLesson}
        aria-pressed={lessonFolded.value}
        onClick={() => (lessonFolded.value = !lessonFolded.value)}
      >
        <Icon name="fold" />
      </button>
      <LabMenu store={store} view={view} summary={summary} />
    </header>
  )
}

function StepNav({ view, index, go }: Pick<TopBarProps, 'view' | 'index' | 'go'>) {
  const [at, of] = messages.lab.stepOf(index + 1, view.steps.length)
  return (
    <nav class="steps" aria-label={messages.lab.steps}>
      <button
        class="icon-button"
        type="button"
        aria-label={messages.lab.previous}
        title={`${messages.lab.previous} [`}
        disabled={index === 0}
        onClick={() => go(index - 1)}
      >
        <Icon name="left" />
      </button>
      <Popup
        class="contents"
        label={messages.lab.contents}
        button={
          <>
            <b>{at}</b>
            {of}
          </>
        }
      >
        {(close) => (
          <ol>
            {view.steps.map((step, each) => {
              const tasks = view.tasks.filter(({ id }) => step.tasks.includes(id))
              const met = tasks.length > 0 && tasks.every((task) => task.met)
              return (
                <li key={step.id}>
                  <button
                    type="button"
                    aria-current={each === index ? 'step' : undefined}
                    onClick={() => {
                      go(each)
                      close()
                    }}
                  >
                    <Mark state={met ? 'met' : (tasks.find((task) => !task.met)?.state ?? 'todo')} />
                    {step.title}
                    {met && <span class="unseen"> ({messages.task.states.met})</span>}
                  </button>
                </li>
              )
            })}
          </ol>
        )}
      </Popup>
      <button
        class="icon-button"
        type="button"
        aria-label={messages.lab.next}
        title={`${messages.lab.next} ]`}
        disabled={index === view.steps.length - 1}
        onClick={() => go(index + 1)}
      >
        <Icon name="right" />
      </button>
    </nav>
  )
}

/** How long this has taken against what the lab usually takes; from the last hour on, what is left. */
function Time({ view }: { view: SessionView }) {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MILLISECONDS)
    return () => clearInterval(timer)
  }, [])
  const ends = new Date(view.endsAt)
  const left = Math.ceil((ends.getTime() - now) / MINUTE_MILLISECONDS)
  if (left > SHOW_LEFT_MINUTES) {
    const spent = Math.max(0, Math.floor((now - Date.parse(view.startedAt)) / MINUTE_MILLISECONDS))
    return (
      <span class="time" title={messages.time.until(messages.clock(ends))}>
        {messages.time.spent(spent, view.lab.minutes)}
      </span>
    )
  }
  const near = left <= WARN_MINUTES
  return (
    <span class={near ? 'time near' : 'time'} role={near ? 'status' : undefined}>
      {messages.time.left(left)}
    </span>
  )
}
