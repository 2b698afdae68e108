import { useEffect, useState } from 'preact/hooks'
import type { CommandState } from '../../protocol/live.ts'
import type { StepPage } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import { copyText } from './clipboard.ts'
import type { SessionStore } from '../stores/session-store.ts'

const COPIED_MILLISECONDS = 1500

interface CommandActionsProps {
  store: SessionStore
  page: StepPage
  id: string
  text: string
  /** The block around: it shows the state as a class. */
  figure: HTMLElement
  onRun: () => void
  inline?: boolean
}

function resultText({ state, exitCode, milliseconds }: CommandState): string {
  if (state !== 'done') return messages.command[state]
  if (exitCode === undefined) return messages.command.ended
  return messages.command.exit(exitCode, messages.seconds(milliseconds ?? 0))
}

/** Run and Copy under a command, and what became of it. The page sends the command's id; its text is the server's. */
export function CommandActions({ store, page, id, text, figure, onRun, inline = false }: CommandActionsProps) {
  const command = page.commands.find((each) => each.id === id)
  const state = store.command(page.id, id)
  const ready = store.connection.value.state === 'connected' && store.view.value?.state === 'ready'
  const shown = state === undefined ? '' : state.state === 'done' ? (state.exitCode ? 'failed' : 'done') : state.state
  useEffect(() => {
    figure.dataset['run'] = shown
  }, [shown])
  if (command === undefined || command.action === 'copy') return <CopyButton text={text} primary />
  const label =
    state === undefined
      ? messages.command.run
      : state.state === 'queued'
        ? messages.command.now
        : messages.command.again
  const run = () => {
    store.run(page.id, id, command.terminal)
    onRun()
  }
  return (
    <>
      {state !== undefined && <span class={`result ${shown}`}>{resultText(state)}</span>}
      <button class="do" type="button" disabled={!ready || state?.state === 'running'} onClick={run}>
        {label}
        <span class="unseen">: {text.split('\n', 1)}</span>
      </button>
      {!inline && <CopyButton text={text} />}
    </>
  )
}

interface FileActionsProps {
  store: SessionStore
  step: string
  id: string
  path: string
  text: string
}

export function FileActions({ store, step, id, path, text }: FileActionsProps) {
  const [saved, setSaved] = useState<string>()
  const [saving, setSaving] = useState(false)
  const ready = store.view.value?.state === 'ready'
  const save = async () => {
    setSaving(true)
    setSaved(await store.saveFile(step, id))
    setSaving(false)
  }
  return (
    <>
      {saved === undefined ? (
        <span class="path">{path}</span>
      ) : (
        <span class="result done" role="status">
          {messages.command.saved(saved)}
        </span>
      )}
      <button class="do" type="button" disabled={!ready || saving} onClick={() => void save()}>
        {messages.command.save}
      </button>
      <CopyButton text={text} />
    </>
  )
}

export function PlainActions({ text }: { text: string }) {
  return <CopyButton text={text} />
}

function CopyButton({ text, primary = false }: { text: string; primary?: boolean }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), COPIED_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = () => void copyText(text).then(() => setCopied(true))
  return (
    <button class={primary ? 'do' : 'do quiet'} type="button" onClick={copy}>
      {copied ? messages.command.copied : messages.command.copy}
      <span class="unseen">: {text.split('\n', 1)}</span>
    </button>
  )
}
