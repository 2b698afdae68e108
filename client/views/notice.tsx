import { messages } from '../messages/index.ts'

interface NoticeProps {
  title: string
  text: string
  retry?: () => void
  home?: boolean
}

/** A page that says what happened and what can be done. */
export function Notice({ title, text, retry, home = false }: NoticeProps) {
  return (
    <main class="page">
      <h1>{title}</h1>
      <p class="lead">{text}</p>
      <p class="actions">
        {retry && (
          <button class="primary" type="button" onClick={retry}>
            {messages.error.retry}
          </button>
        )}
        {home && (
          <a class="button" href="#/">
            {messages.error.home}
          </a>
        )}
      </p>
    </main>
  )
}

export function NeedLink({ text = messages.login.text }: { text?: string }) {
  return <Notice title={messages.login.title} text={text} />
}
