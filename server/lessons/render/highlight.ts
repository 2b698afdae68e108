import type { HighlighterCore, ThemeRegistration } from 'shiki/core'

/** Classes instead of inline colours: the page's policy allows no inline style, and light and dark share one HTML. */
const classes: Record<string, string> = {
  'token-keyword': 'k',
  'token-function': 'f',
  'token-string': 's',
  'token-string-expression': 's',
  'token-constant': 'n',
  'token-comment': 'c',
  'token-parameter': 'v',
  'token-punctuation': 'p',
}
const languages: Record<string, string> = {
  bash: 'bash',
  sh: 'bash',
  shell: 'bash',
  yaml: 'yaml',
  yml: 'yaml',
  json: 'json',
}

let highlighter: Promise<HighlighterCore> | undefined

/** Shiki with its JavaScript engine and only the languages that lessons are written in; loaded when the first lab is. */
async function load(): Promise<HighlighterCore> {
  const [{ createHighlighterCore, createCssVariablesTheme }, { createJavaScriptRegexEngine }, bash, yaml, json] =
    await Promise.all([
      import('shiki/core'),
      import('shiki/engine/javascript'),
      import('shiki/langs/bash.mjs'),
      import('shiki/langs/yaml.mjs'),
      import('shiki/langs/json.mjs'),
    ])
  return createHighlighterCore({
    themes: [withPlainWords(createCssVariablesTheme({ name: 'tokens', variablePrefix: '--' }))],
    langs: [bash.default, yaml.default, json.default],
    engine: createJavaScriptRegexEngine(),
  })
}

/** Words without quotes (arguments of commands, values in YAML) are most of what there is: coloured, they would hide the rest. */
function withPlainWords(theme: ThemeRegistration): ThemeRegistration {
  const scope = ['string.unquoted', 'string.unquoted.plain.out.yaml']
  return {
    ...theme,
    tokenColors: [...(theme.tokenColors ?? []), { scope, settings: { foreground: 'var(--foreground)' } }],
  }
}

/** Safe HTML of code: `<span class="k">…</span>`; plain escaped text for a language that is not known. */
export async function prepareHighlighting(): Promise<(code: string, language: string) => string> {
  highlighter ??= load()
  const ready = await highlighter
  return (code, language) => {
    const lang = languages[language.toLowerCase()]
    if (lang === undefined) return escapeHtml(code)
    // Without a limit: a busy machine must not give other pages than an idle one.
    const lines = ready.codeToTokensBase(code, { lang, theme: 'tokens', tokenizeTimeLimit: 0 })
    return lines
      .map((tokens) =>
        tokens
          .map(({ content, color }) => {
            const name = classes[/var\(--([\w-]+)\)/.exec(color ?? '')?.[1] ?? '']
            return name === undefined || content.trim() === ''
              ? escapeHtml(content)
              : `<span class="${name}">${escapeHtml(content)}</span>`
          })
          .join(''),
      )
      .join('\n')
  }
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
