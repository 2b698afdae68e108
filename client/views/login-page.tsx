import { useEffect, useState } from 'preact/hooks'
import { messages } from '../messages/index.ts'
import { api, ApiError, sentenceOf } from '../stores/api.ts'
import { NeedLink, Notice } from './notice.tsx'

/** Trades the one-time code of the start link for a cookie, and takes it out of the address. */
export function LoginPage({ code }: { code: string }) {
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    api('POST', 'login', { code }).then(
      () => {
        history.replaceState(null, '', '/')
        location.hash = '#/'
      },
      // A link that is opened a second time is no problem where its cookie is still there.
      (refused: unknown) =>
        api('GET', 'me').then(
          () => (location.hash = '#/'),
          () => setError(refused),
        ),
    )
  }, [code])
  if (error === undefined) return <main class="page" aria-busy="true" aria-label={messages.loading} />
  if (error instanceof ApiError && error.status > 0 && error.status < 500)
    return <NeedLink text={messages.login.failed} />
  return <Notice title={messages.error.title} text={sentenceOf(error)} retry={() => location.reload()} />
}
