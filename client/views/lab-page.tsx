import { useEffect, useLayoutEffect, useState } from 'preact/hooks'
import type { SessionView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import { lessonFolded, lessonPercent } from '../stores/preferences.ts'
import { sessionHash } from '../stores/route.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { Lesson } from './lesson.tsx'
import { Mark } from './mark.tsx'
import { Splitter } from './splitter.tsx'
import { TaskStrip } from './task-strip.tsx'
import { TopBar } from './top-bar.tsx'
import { Work } from './work.tsx'

interface LabPageProps {
  store: SessionStore
  view: SessionView
  step: string | undefined
  /** Back to the summary of a lab that is over; undefined while it runs. */
  summary: (() => void) | undefined
}

/** The step in the address, else the first whose tasks are not all met. */
function currentIndex(view: SessionView, step: string | undefined): number {
  const asked = view.steps.findIndex(({ id }) => id === step)
  if (asked >= 0) return asked
  const open = view.steps.findIndex((each) => each.tasks.some((id) => !view.tasks.find((task) => task.id === id)?.met))
  return Math.max(0, open)
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable], .xterm') !== null
}

/** At once where the place is seen, so that two keys in a row lead there and back; else when it has come forward. */
function focusOn(place: () => HTMLElement | null) {
  place()?.focus()
  if (document.activeElement !== place()) requestAnimationFrame(() => place()?.focus())
}

export function LabPage({ store, view, step, summary }: LabPageProps) {
  // Where the learner came in stays theirs: verdicts that arrive later turn no pages.
  const [first] = useState(() => currentIndex(view, step))
  const asked = view.steps.findIndex(({ id }) => id === step)
  const index = asked >= 0 ? asked : first
  const current = view.steps[index]
  const [narrow, setNarrow] = useState<'lesson' | 'work'>('lesson')
  const go = (to: number) => {
    const target = view.steps[to]
    if (target !== undefined) location.hash = sessionHash(store.id, target.id)
  }
  const toLesson = () => {
    setNarrow('lesson')
    focusOn(() => document.querySelector<HTMLElement>('.lesson'))
  }
  const toTerminal = () => {
    setNarrow('work')
    focusOn(
      () =>
        document.querySelector<HTMLElement>('.pane:not([hidden]) textarea') ??
        document.querySelector<HTMLElement>('.work button'),
    )
  }
  useEffect(() => {
    // The terminal takes Tab, so a key that it is never asked for leads out of it.
    const onLeave = (event: KeyboardEvent) => {
      if (event.key !== 'F6' || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      event.stopPropagation()
      if (event.target instanceof Element && event.target.closest('.work') !== null) toLesson()
      else toTerminal()
    }
    addEventListener('keydown', onLeave, true)
    return () => removeEventListener('keydown', onLeave, true)
  }, [])
  // With the page, not after it was painted: a second key may be as quick as that.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (event.key === '[') go(index - 1)
      else if (event.key === ']') go(index + 1)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [index])
  useEffect(() => {
    document.title = `${index + 1} · ${current?.title ?? ''} · ${view.lab.title} · ${messages.product}`
  }, [index, current, view.lab.title])
  const folded = lessonFolded.value
  return (
    <div class={`lab show-${narrow}${folded ? ' folded' : ''}`} style={{ '--lesson': `${lessonPercent.value}%` }}>
      <TopBar store={store} view={view} index={index} go={go} skip={toTerminal} summary={summary} />
      <nav class="switch" aria-label={messages.product}>
        {(['lesson', 'work'] as const).map((region) => (
          <button key={region} type="button" aria-pressed={narrow === region} onClick={() => setNarrow(region)}>
            {region === 'lesson' ? messages.lab.lesson : messages.lab.terminal}
            {region === 'work' && (view.state === 'preparing' || view.state === 'recovering') && (
              <Mark state="checking" />
            )}
            {region === 'work' && view.state === 'failed' && <Mark state="broken" />}
          </button>
        ))}
      </nav>
      <main class="stage">
        {current !== undefined && (
          <Lesson store={store} view={view} step={current} index={index} go={go} onRun={() => setNarrow('work')} />
        )}
        <Splitter />
        <Work store={store} view={view} summary={summary} />
        <h1 class="unseen stand-in">{current?.title}</h1>
      </main>
      <TaskStrip store={store} view={view} current={current?.id} onShow={() => setNarrow('lesson')} />
      <p class="unseen" role="status">
        {store.announcement.value}
      </p>
    </div>
  )
}
