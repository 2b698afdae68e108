import { useEffect, useRef, useState } from 'preact/hooks'
import type { SessionView, StepView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import { sentenceOf } from '../stores/api.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { hydrateLesson } from './hydrate-lesson.tsx'
import { FinishQuestion } from './lab-menu.tsx'

interface LessonProps {
  store: SessionStore
  view: SessionView
  step: StepView
  index: number
  go: (index: number) => void
  onRun: () => void
}

/** One step's text. Its HTML comes from the server; what can be pressed in it is put there by the page. */
export function Lesson({ store, view, step, index, go, onRun }: LessonProps) {
  const [error, setError] = useState<unknown>()
  const region = useRef<HTMLElement>(null)
  const body = useRef<HTMLDivElement>(null)
  const finish = useRef<HTMLDialogElement>(null)
  const page = store.steps.value.get(step.id)
  const load = () => {
    setError(undefined)
    store.turnTo(step.id).catch(setError)
  }
  useEffect(load, [store, step.id])
  useEffect(() => region.current?.scrollTo(0, 0), [step.id])
  useEffect(() => {
    if (page === undefined || body.current === null) return
    body.current.innerHTML = page.html
    return hydrateLesson(body.current, { store, page, onRun })
  }, [page])
  const next = view.steps[index + 1]
  return (
    // Scrolls, so it must be reachable by keyboard.
    <article class="lesson" ref={region} tabIndex={0} aria-label={messages.lab.lesson} aria-busy={page === undefined}>
      <div class="column">
        <p class="eyebrow">{messages.lab.step(index + 1)}</p>
        <h1>{step.title}</h1>
        {error !== undefined && (
          <div class="problem" role="alert">
            <p>
              {messages.lab.lessonFailed} {sentenceOf(error)}
            </p>
            <button class="outlined" type="button" onClick={load}>
              {messages.error.retry}
            </button>
          </div>
        )}
        <div class="text" ref={body} />
        {page !== undefined && (
          <p class="onward">
            {next !== undefined ? (
              <button class="outlined" type="button" onClick={() => go(index + 1)}>
                {messages.lab.nextStep(next.title)}
              </button>
            ) : view.state === 'finished' ? null : (
              <button class="outlined" type="button" onClick={() => finish.current?.showModal()}>
                {messages.lab.finishHere}
              </button>
            )}
          </p>
        )}
      </div>
      <FinishQuestion store={store} dialog={finish} />
    </article>
  )
}
