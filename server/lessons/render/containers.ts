import type { MarkdownIt, StateBlock } from 'markdown-it'
import { escapeHtml } from './highlight.ts'

/**
 * Blocks of a lesson that markdown has no word for:
 *   `{{task ID}}` alone on a line: the place of a task
 *   `::: details Title` … `:::`: folded text
 *   `::: quiz Question` with `- [ ] answer — why not` and `- [x] answer — why` … `:::`
 *   `> [!NOTE]` (TIP, WARNING): an admonition
 */
export function containers(markdown: MarkdownIt): void {
  markdown.block.ruler.before('paragraph', 'task', taskPlace, { alt: ['paragraph'] })
  markdown.block.ruler.before('paragraph', 'container', container, { alt: ['paragraph'] })
  markdown.core.ruler.after('block', 'admonition', (state) => {
    for (const [index, token] of state.tokens.entries()) {
      if (token.type !== 'blockquote_open') continue
      const text = state.tokens[index + 2]
      const mark = text?.type === 'inline' ? /^\[!(NOTE|TIP|WARNING)\]\s*/.exec(text.content) : null
      if (mark) {
        token.attrSet('class', `note note-${mark[1]!.toLowerCase()}`)
        text!.content = text!.content.slice(mark[0].length)
      }
    }
  })
}

function lineAt(state: StateBlock, index: number): string {
  return state.src.slice(state.bMarks[index]! + state.tShift[index]!, state.eMarks[index])
}

function taskPlace(state: StateBlock, startLine: number, _endLine: number, silent: boolean): boolean {
  const found = /^\{\{\s*task\s+([a-z0-9-]+)\s*\}\}\s*$/.exec(lineAt(state, startLine))
  if (!found) return false
  if (!silent) {
    const token = state.push('task', '', 0)
    token.meta = { task: found[1] }
    token.map = [startLine, startLine + 1]
  }
  state.line = startLine + 1
  return true
}

function container(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  const open = /^:::\s*(details|quiz)\s+(.+)$/.exec(lineAt(state, startLine))
  if (!open) return false
  let last = startLine + 1
  while (last < endLine && !/^:::\s*$/.test(lineAt(state, last))) last++
  if (last === endLine) return false
  if (silent) return true
  const [, kind, title] = open
  if (kind === 'quiz') {
    const token = state.push('quiz', '', 0)
    token.meta = { question: title, answers: state.getLines(startLine + 1, last, 0, false) }
  } else {
    state.push('html_safe', '', 0).content = `<details><summary>${escapeHtml(title!)}</summary>\n`
    state.md.block.tokenize(state, startLine + 1, last)
    state.push('html_safe', '', 0).content = '</details>\n'
  }
  state.line = last + 1
  return true
}

/** A question with explained answers. Nothing is graded: the page shows the explanation of the answer that was chosen. */
export function quizHtml(markdown: MarkdownIt, question: string, answers: string, name: string): string {
  const rows = [...answers.matchAll(/^\s*- \[([ xX])\] (.+?)(?: — (.+))?$/gm)]
  const options = rows.map(([, mark, text, why], index) => {
    const right = mark !== ' '
    return (
      `<div class="answer" data-right="${right}"><label><input type="radio" name="${name}" value="${index}"> ${markdown.renderInline(text!)}</label>` +
      `<p class="why" hidden>${right ? 'Yes.' : 'Not quite.'} ${why === undefined ? '' : markdown.renderInline(why)}</p></div>`
    )
  })
  return `<fieldset class="quiz"><legend>${markdown.renderInline(question)}</legend>${options.join('')}</fieldset>\n`
}
