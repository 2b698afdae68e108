import { useEffect, useMemo, useState } from 'preact/hooks'
import { messages } from '../messages/index.ts'
import { ApiError, sentenceOf } from '../stores/api.ts'
import type { LiveSocket } from '../stores/live-connection.ts'
import { SessionStore } from '../stores/session-store.ts'
import { EndPage } from './end-page.tsx'
import { LabPage } from './lab-page.tsx'
import { NeedLink, Notice } from './notice.tsx'

function openSocket(): LiveSocket {
  return new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`)
}

/** One session: being made, worked in, or over. */
export function SessionPage({ id, step }: { id: string; step: string | undefined }) {
  const [error, setError] = useState<unknown>()
  /** The finished session that the learner looks at again. */
  const [lookedAt, setLookedAt] = useState<string>()
  const looking = lookedAt === id
  // The terminals of the lab page went with it: whoever looks again gets a store that has shown nothing yet.
  const store = useMemo(() => new SessionStore({ id, open: openSocket, online: () => navigator.onLine }), [id, looking])
  const load = () => {
    setError(undefined)
    store.load().catch(setError)
  }
  useEffect(() => {
    load()
    const nudge = () => document.visibilityState === 'visible' && store.live.nudge()
    addEventListener('online', nudge)
    document.addEventListener('visibilitychange', nudge)
    return () => {
      removeEventListener('online', nudge)
      document.removeEventListener('visibilitychange', nudge)
      store.close()
    }
  }, [store])
  const view = store.view.value
  const connection = store.connection.value
  if (error instanceof ApiError && error.status === 401) return <NeedLink />
  if (error instanceof ApiError && error.status === 404)
    return <Notice title={messages.error.title} text={messages.error.gone} home />
  if (error !== undefined) return <Notice title={messages.error.title} text={sentenceOf(error)} retry={load} home />
  if (view === undefined || store.startingOver.value)
    return <main class="page" aria-busy="true" aria-label={messages.loading} />
  if (view.state === 'finished' && !(looking && view.keptUntil !== undefined))
    return <EndPage view={view} look={() => setLookedAt(id)} />
  if (connection.state === 'ended')
    return connection.reason === 'login' ? (
      <NeedLink />
    ) : (
      <Notice title={messages.error.title} text={messages.error.gone} home />
    )
  const summary = view.state === 'finished' ? () => setLookedAt(undefined) : undefined
  return <LabPage store={store} view={view} step={step} summary={summary} />
}
