import createMarkdown, { type MarkdownIt } from 'markdown-it'
import type { Command, FileBlock } from '../../../protocol/lab.ts'
import { containers, quizHtml } from './containers.ts'
import { fences } from './fence.ts'
import { escapeHtml, prepareHighlighting } from './highlight.ts'
import { macroAt, type Macro } from './macros.ts'

/** What a step's markdown becomes: safe HTML and the things in it that a page acts on. */
export interface RenderedStep {
  html: string
  commands: Command[]
  files: FileBlock[]
  tasks: string[]
}

/**
 * Renders a step. Raw HTML never passes (markdown-it with `html: false` escapes it); links open outside without referrer; images come
 * only from the lab's own assets folder. A command's text in the model is exactly the text that the page shows.
 */
export async function renderStep(text: string): Promise<RenderedStep> {
  const highlight = await prepareHighlighting()
  const step: RenderedStep = { html: '', commands: [], files: [], tasks: [] }
  const markdown = createMarkdown({ html: false, linkify: false, typographer: false })
  fences(markdown)
  containers(markdown)
  inlineMacros(markdown, step)
  safeLinks(markdown)
  const { rules } = markdown.renderer
  rules['fence'] = (tokens, index) => fenceHtml(tokens[index]!, step, highlight)
  rules['task'] = (tokens, index) => {
    const id = (tokens[index]!.meta as { task: string }).task
    step.tasks.push(id)
    return `<section class="task" data-task="${id}"></section>\n`
  }
  rules['quiz'] = (tokens, index) => {
    const { question, answers } = tokens[index]!.meta as { question: string; answers: string }
    return quizHtml(markdown, question, answers, `quiz-${index}`)
  }
  rules['html_safe'] = (tokens, index) => tokens[index]!.content
  step.html = markdown.render(text.replaceAll('\r\n', '\n'))
  return step
}

function addCommand(step: RenderedStep, macro: Macro & { kind: 'command' }, text: string): string {
  const id = `c${step.commands.length + 1}`
  step.commands.push({ id, text, action: macro.action, terminal: macro.terminal })
  return `data-command="${id}" data-action="${macro.action}"`
}

function fenceHtml(
  token: { content: string; info: string; meta: unknown },
  step: RenderedStep,
  highlight: (code: string, language: string) => string,
): string {
  const code = token.content.replace(/\n$/, '')
  const language = token.info.split(/\s+/)[0] ?? ''
  const macro = (token.meta as { macros: Macro[] }).macros[0]
  let attributes = 'class="code"'
  if (macro?.kind === 'command') attributes = `class="run" ${addCommand(step, macro, code)}`
  if (macro?.kind === 'file') {
    const id = `f${step.files.length + 1}`
    step.files.push({ id, path: macro.path, text: token.content })
    attributes = `class="file" data-file="${id}" data-path="${escapeHtml(macro.path)}"`
  }
  return `<figure ${attributes}><pre tabindex="0"><code>${highlight(code, language)}</code></pre><figcaption></figcaption></figure>\n`
}

/** `` `kubectl get pods`{{exec}} ``: inline code with a macro becomes a command of its own. */
function inlineMacros(markdown: MarkdownIt, step: RenderedStep): void {
  markdown.inline.ruler.before('text', 'macro', (state, silent) => {
    if (!state.src.startsWith('{{', state.pos)) return false
    const previous = state.tokens.at(-1)
    const found = macroAt(state.src.slice(state.pos))
    if (!found || found.macro.kind !== 'command' || previous?.type !== 'code_inline' || state.pending !== '')
      return false
    if (!silent) previous.meta = { macro: found.macro }
    state.pos += found.length
    return true
  })
  markdown.renderer.rules['code_inline'] = (tokens, index) => {
    const { content, meta } = tokens[index]!
    const macro = (meta as { macro?: Macro & { kind: 'command' } } | null)?.macro
    const code = `<code>${escapeHtml(content)}</code>`
    return macro ? `<span class="inline-command" ${addCommand(step, macro, content)}>${code}</span>` : code
  }
}

function safeLinks(markdown: MarkdownIt): void {
  markdown.validateLink = (url) => /^(https?:\/\/|mailto:|#|assets\/)/i.test(url)
  const { rules } = markdown.renderer
  rules['link_open'] = (tokens, index, options, _env, self) => {
    tokens[index]!.attrSet('rel', 'noopener noreferrer')
    if (!String(tokens[index]!.attrGet('href')).startsWith('#')) tokens[index]!.attrSet('target', '_blank')
    return self.renderToken(tokens, index, options)
  }
  rules['image'] = (tokens, index) => {
    const source = String(tokens[index]!.attrGet('src'))
    const text = escapeHtml(tokens[index]!.content)
    const name = /^assets\/([\w.-]+)$/.exec(source)?.[1]
    return name === undefined ? text : `<img data-asset="${name}" alt="${text}" loading="lazy">`
  }
}
