import { describe, expect, it } from 'vitest'
import { renderStep } from './index.ts'

const fence = (body: string, after: string, language = 'bash'): string => `\`\`\`${language}\n${body}\n\`\`\`${after}\n`

describe('commands of a step', () => {
  it.each([
    ['a fence with {{exec}}', fence('kubectl get pods', '{{exec}}'), [['kubectl get pods', 'exec', 'bash 1']]],
    ['a fence with {{copy}}', fence('kubectl get pods', '{{copy}}'), [['kubectl get pods', 'copy', 'bash 1']]],
    ['{{exec interrupt}}', fence('ls', '{{exec interrupt}}'), [['ls', 'interrupt', 'bash 1']]],
    ['a named terminal', fence('ls', '{{exec watcher}}'), [['ls', 'exec', 'watcher']]],
    ['a numbered terminal', fence('ls', '{{exec T2}}'), [['ls', 'exec', 'bash 2']]],
    ['spaces inside the braces', fence('ls', '{{ exec }}'), [['ls', 'exec', 'bash 1']]],
    ['inline code', 'Run `ls -l`{{exec}} now.', [['ls -l', 'exec', 'bash 1']]],
    ['several lines stay one command', fence('a\nb', '{{exec}}'), [['a\nb', 'exec', 'bash 1']]],
    ['a fence without a macro is only shown', fence('ls', ''), []],
    ['a macro that nobody knows stays text', 'Run `ls`{{explode}} now.', []],
  ])('%s', async (_title, text, expected) => {
    const { commands } = await renderStep(text)
    expect(commands.map(({ text: code, action, terminal }) => [code, action, terminal])).toEqual(expected)
  })

  it('shows exactly the text that a click runs', async () => {
    const code = `kubectl exec deploy/curl -- curl -w '%{http_code}\\n' "http://a?b=1&c=<2>"`
    const { html, commands } = await renderStep(fence(code, '{{exec}}'))
    const shown = /<code>(.*?)<\/code>/s.exec(html)![1]!.replaceAll(/<[^>]+>/g, '')
    expect(
      shown.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
    ).toBe(code)
    expect(commands[0]!.text).toBe(code)
  })

  it.each([
    ['the command', 'bash', "kubectl get pods -o 'yaml'", '<span class="f">kubectl</span> get pods'],
    ['what is quoted', 'bash', "kubectl get pods -o 'yaml'", `<span class="s">'yaml'</span>`],
    ['keys, not values', 'yaml', 'mode: STRICT', '<span class="k">mode</span><span class="k">:</span> STRICT'],
  ])('colours %s', async (_title, language, code, expected) => {
    expect((await renderStep(fence(code, '', language))).html).toContain(expected)
  })

  it('makes a file of a block with {{save}}', async () => {
    const { files, html } = await renderStep(fence('kind: Pod', '{{save pods/a.yaml}}', 'yaml'))
    expect(files).toEqual([{ id: 'f1', path: 'pods/a.yaml', text: 'kind: Pod\n' }])
    expect(html).toContain('data-path="pods/a.yaml"')
  })

  it.each(['../out.yaml', '/etc/passwd', 'a/../../b'])('does not save to %s', async (path) => {
    expect((await renderStep(fence('x', `{{save ${path}}}`))).files).toEqual([])
  })
})

describe('what a lesson may not do', () => {
  it.each([
    ['<script>alert(1)</script>', '<script'],
    ['<img src=x onerror=alert(1)>', '<img'],
    ['text <b onclick=alert(1)>b</b>', '<b '],
    ['[x](javascript:alert(1))', 'href="javascript'],
    ['[x](data:text/html,hello)', 'href="data'],
    ['![x](https://elsewhere.example/p.png)', '<img'],
    ['![x](//elsewhere.example/p.png)', '<img'],
    [fence('</code></pre><script>alert(1)</script>', '{{exec}}'), '<script'],
    ['::: details <script>alert(1)</script>\ntext\n:::\n', '<script'],
    ['::: quiz <i>q</i>\n- [x] <script>1</script> — <u>why</u>\n:::\n', '<script'],
    [fence('x', '', '"><script>'), '<script'],
  ])('%s', async (text, forbidden) => {
    expect((await renderStep(text)).html).not.toContain(forbidden)
  })
})

describe('blocks of a lesson', () => {
  it('puts a task where it stands', async () => {
    const { html, tasks } = await renderStep('Before.\n\n{{task strict-mtls}}\n\nAfter.')
    expect(tasks).toEqual(['strict-mtls'])
    expect(html).toMatch(/Before[\s\S]*<section class="task" data-task="strict-mtls"><\/section>[\s\S]*After/)
  })

  it('folds details and keeps commands inside them', async () => {
    const { html, commands } = await renderStep(`::: details Why\nBecause.\n\n${fence('ls', '{{exec}}')}:::\n`)
    expect(html).toMatch(/<details><summary>Why<\/summary>[\s\S]*Because[\s\S]*<\/details>/)
    expect(commands).toHaveLength(1)
  })

  it('explains the answers of a quiz', async () => {
    const { html } = await renderStep('::: quiz How many?\n- [ ] One — there are two.\n- [x] Two — one each.\n:::\n')
    expect(html).toContain('<legend>How many?</legend>')
    expect(html).toContain('data-right="true"')
    expect(html).toContain('Not quite. there are two.')
  })

  it('marks an admonition', async () => {
    expect((await renderStep('> [!TIP]\n> Try it.')).html).toContain('<blockquote class="note note-tip">')
  })

  it('takes images only from the assets of the lab', async () => {
    expect((await renderStep('![map](assets/map.png)')).html).toContain('<img data-asset="map.png" alt="map"')
  })
})
