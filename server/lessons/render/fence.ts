import type { MarkdownIt } from 'markdown-it'
import { macroAt, type Macro } from './macros.ts'

/**
 * Fences as lessons write them: the closing line may carry macros (```` ```{{exec}} ````), which CommonMark would not take as an end.
 * Replaces markdown-it's rule; the macros are in `token.meta.macros`.
 */
export function fences(markdown: MarkdownIt): void {
  markdown.block.ruler.at(
    'fence',
    (state, startLine, endLine, silent) => {
      const line = (index: number): string =>
        state.src.slice(state.bMarks[index]! + state.tShift[index]!, state.eMarks[index])
      const indent = state.sCount[startLine]!
      if (indent - state.blkIndent >= 4) return false
      const open = /^(`{3,}|~{3,})([^`]*)$/.exec(line(startLine))
      if (!open) return false
      if (silent) return true
      const mark = open[1]!
      let last = startLine + 1
      let macros: Macro[] = []
      let closed = false
      for (; last < endLine; last++) {
        if (state.sCount[last]! < state.blkIndent && line(last) !== '') break
        const end = closing(line(last), mark)
        if (end === undefined) continue
        macros = end
        closed = true
        break
      }
      const token = state.push('fence', 'code', 0)
      token.info = open[2]!.trim()
      token.content = state.getLines(startLine + 1, last, indent, true)
      token.markup = mark
      token.map = [startLine, last + (closed ? 1 : 0)]
      token.meta = { macros }
      state.line = last + (closed ? 1 : 0)
      return true
    },
    { alt: ['paragraph', 'reference', 'blockquote', 'list'] },
  )
}

/** The macros of a closing line; undefined when the line does not close. */
function closing(line: string, mark: string): Macro[] | undefined {
  const run = new RegExp(`^\\${mark[0]}{${mark.length},}`).exec(line)
  if (!run) return undefined
  let rest = line.slice(run[0].length).trim()
  const macros: Macro[] = []
  while (rest !== '') {
    const found = macroAt(rest)
    if (!found) return undefined
    macros.push(found.macro)
    rest = rest.slice(found.length).trim()
  }
  return macros
}
