import { type ComponentChild, render } from 'preact'
import type { StepPage } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { CommandActions, FileActions, PlainActions } from './code-actions.tsx'
import { Task } from './task.tsx'

interface Hydration {
  store: SessionStore
  page: StepPage
  onRun: () => void
}

/** Puts buttons and tasks into a step's HTML, where the server left their places. Returns what takes them out again. */
export function hydrateLesson(body: HTMLElement, { store, page, onRun }: Hydration): () => void {
  const roots: Element[] = []
  const put = (node: ComponentChild, into: Element) => {
    render(node, into)
    roots.push(into)
  }
  for (const figure of body.querySelectorAll<HTMLElement>('figure')) {
    const caption = figure.querySelector('figcaption') ?? figure.appendChild(document.createElement('figcaption'))
    const text = figure.querySelector('code')?.textContent ?? ''
    const { command, file, path } = figure.dataset
    if (command !== undefined) {
      put(<CommandActions store={store} page={page} id={command} text={text} figure={figure} onRun={onRun} />, caption)
    } else if (file !== undefined) {
      put(<FileActions store={store} step={page.id} id={file} path={path ?? ''} text={text} />, caption)
    } else put(<PlainActions text={text} />, caption)
  }
  for (const span of body.querySelectorAll<HTMLElement>('span[data-command]')) {
    const place = span.appendChild(document.createElement('span'))
    const text = span.querySelector('code')?.textContent ?? ''
    const id = span.dataset['command'] ?? ''
    put(<CommandActions store={store} page={page} id={id} text={text} figure={span} onRun={onRun} inline />, place)
  }
  for (const section of body.querySelectorAll<HTMLElement>('section[data-task]'))
    put(<Task store={store} id={section.dataset['task'] ?? ''} section={section} />, section)
  for (const image of body.querySelectorAll<HTMLImageElement>('img[data-asset]'))
    image.src = `/api/sessions/${store.id}/assets/${image.dataset['asset'] ?? ''}`
  for (const [kind, title] of Object.entries(messages.admonitions)) {
    for (const note of body.querySelectorAll(`blockquote.note-${kind}`)) {
      const line = document.createElement('p')
      line.className = 'note-title'
      line.textContent = title
      note.prepend(line)
    }
  }
  // Wide tables scroll by themselves, and what scrolls must be reachable by keyboard.
  for (const table of body.querySelectorAll(':scope > table, :scope blockquote > table')) {
    const box = document.createElement('div')
    box.className = 'wide'
    box.tabIndex = 0
    table.replaceWith(box)
    box.append(table)
  }
  const explain = (event: Event) => {
    const chosen = event.target instanceof Element ? event.target.closest('.answer') : null
    const quiz = chosen?.closest('fieldset.quiz')
    for (const answer of quiz?.querySelectorAll('.answer') ?? [])
      answer.querySelector('.why')?.toggleAttribute('hidden', answer !== chosen)
  }
  body.addEventListener('change', explain)
  return () => {
    body.removeEventListener('change', explain)
    for (const root of roots) render(null, root)
  }
}
