import path from 'node:path'
import { mkdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BrowserContext, Page } from 'playwright-core'
import { programOnPath } from '../../server/workspaces/index.ts'
import { openBrowser } from '../support/browser.ts'
import { type RunningLabwright, startLabwright } from '../support/labwright.ts'
import { Learner } from '../support/learner.ts'

let labwright: RunningLabwright
let browser: BrowserContext & AsyncDisposable
let page: Page
let learner: Learner
const pictures = path.resolve(import.meta.dirname, '../../test-output')

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  labwright = await startLabwright()
  browser = await openBrowser()
  page = await browser.newPage()
  learner = new Learner(page)
}, 120_000)
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await labwright?.[Symbol.asyncDispose]()
}, 120_000)

const points = () => page.locator('.points').innerText()
const look = (name: string) => page.screenshot({ path: path.join(pictures, `typing-${name}.png`) })

/** Types a manifest into `kubectl apply`, as one does who has it in the head. */
const apply = (manifest: string) => learner.run(`kubectl apply -f - <<'END'\n${manifest.trim()}\nEND`)

const peerAuthentication = (mode: string) => `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: production}
spec: {mtls: {mode: ${mode}}}`

const denyAll = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nothing, namespace: production}
spec: {}`

const frontendOnly = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: shop, namespace: production}
spec:
  selector: {matchLabels: {app: payments}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/default/sa/frontend]}}]
    to: [{operation: {methods: [GET, POST]}}]`

/** One learner's way through the lab, in this order; none of the commands is the lesson's own. */
describe('a learner who types', { timeout: 120_000 }, () => {
  it('starts, makes a namespace, and sees its task met without asking', async () => {
    await learner.startLab(labwright.link)
    await apply('apiVersion: v1\nkind: Namespace\nmetadata: {name: sandbox}')
    await learner.state('first-look', 'met')
  })

  it('installs Istio by its full path and answers the question', async () => {
    await learner.openStep('Install Istio')
    await learner.run('curl -sL https://istio.io/downloadIstio | sh - > /dev/null && ln -s istio-*/bin/istioctl here')
    await learner.type('./here install --set profile=demo')
    await learner.output('(y/N)')
    await learner.type('y')
    await learner.output('Installation complete')
    await learner.state('istio-installed', 'met')
  })

  it('asks for injection with kubectl edit', async () => {
    await learner.run(
      `KUBE_EDITOR="sed -i 's/^  labels:/&\\n    istio-injection: enabled/'" kubectl edit namespace default`,
    )
    await learner.state('default-injection', 'met')
    expect(await points()).toContain('10 of')
  })

  it('is told what was seen and what was wanted while plaintext is served', async () => {
    await learner.openStep('Strict mTLS')
    // A playground that is never there would count as tidied away.
    await learner.run('kubectl create ns no-mesh')
    await learner.run('kubectl create ns production; kubectl label ns/production istio.io/rev=default')
    await learner.run('kubectl create deployment payments --image=labwright/payments:1 --port=8080 -n production')
    await learner.run('kubectl expose deployment payments --port=80 --target-port=8080 -n production')
    await learner.run('kubectl wait --for=condition=Available deploy/payments -n production')
    await apply(peerAuthentication('PERMISSIVE'))
    await learner.state('plaintext-refused', 'unmet')
    const task = learner.place('plaintext-refused')
    await task.getByText('PERMISSIVE').first().waitFor()
    expect(await task.locator('.reason').innerText()).toMatch(/200|plain/i)
    expect(await task.locator('.evidence').innerText()).toMatch(/no sidecar[\s\S]*200/)
    await task.scrollIntoViewIfNeeded()
    await look('unmet')
  })

  it('takes hints, the second of which costs points', async () => {
    const task = learner.place('plaintext-refused')
    await task.getByRole('button', { name: 'Hint', exact: true }).click()
    await task.getByText('without a selector').waitFor()
    await task.getByRole('button', { name: 'Hint · costs 2' }).click()
    await task.getByText('More special rules win').waitFor()
    expect(await task.getByRole('button', { name: 'Hint' }).count()).toBe(0)
  })

  const hasVi = programOnPath('vi') !== undefined
  it(`mends the file ${hasVi ? 'in vi' : 'with sed -i (this machine has no vi)'}, and gets the points less the price of the hint`, async () => {
    await learner.run(`cat > mtls.yaml <<'END'\n${peerAuthentication('PERMISSIVE').trim()}\nEND`)
    if (hasVi) {
      await learner.type('vi mtls.yaml && echo mended-$((1 + 1))')
      await learner.output('mode: PERMISSIVE')
      await learner.type(':%s/PERMISSIVE/STRICT/')
      // What vi asks the terminal, and its answers, are through by then; they would come to the shell instead.
      await learner.output('mode: STRICT')
      await learner.type(':wq')
      await learner.output('mended-2')
    } else await learner.run('sed -i s/PERMISSIVE/STRICT/ mtls.yaml')
    await learner.run('kubectl apply -f mtls.yaml')
    await learner.state('plaintext-refused', 'met')
    expect(await points()).toContain('18 of')
  })

  it('closes the door and opens it a little', async () => {
    await learner.openStep('Deny all, allow one')
    await learner.run('kubectl create sa frontend')
    await learner.run('kubectl create deployment frontend --image=docker.io/curlimages/curl:8.8.0 -- sleep infinity')
    await learner.run('kubectl set serviceaccount deployment frontend frontend')
    await apply(denyAll)
    await learner.state('denied-by-default', 'met')
    await apply(frontendOnly)
    await learner.state('frontend-allowed', 'met')
    expect(await points()).toContain('34 of')
  })

  it('sees a task fall back when it is undone, without blame, and come back', async () => {
    await learner.run('kubectl delete authorizationpolicy nothing shop -n production')
    await learner.state('denied-by-default', 'fallen')
    await learner.state('frontend-allowed', 'fallen')
    await learner.place('denied-by-default').getByText('This was met, and something changed since.').waitFor()
    expect(await points()).toContain('18 of')
    await learner.place('denied-by-default').scrollIntoViewIfNeeded()
    await look('fallen')
    await apply(denyAll)
    await apply(frontendOnly)
    await learner.state('denied-by-default', 'met')
    await learner.state('frontend-allowed', 'met')
    expect(await points()).toContain('34 of')
  })

  it('finishes, and sees what was met', async () => {
    await learner.openStep('Clean up')
    await page.getByRole('button', { name: 'Finish the lab' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Finish' }).click()
    await page.getByText('6 of 14 tasks are met.').waitFor()
    const figures = await page.locator('.figures').innerText()
    expect(figures).toMatch(/34 \/ 84/)
    expect(figures).toMatch(/hints used\s+2/)
    const row = page.getByRole('row', { name: 'Plaintext callers are cut off' })
    expect(await row.innerText()).toMatch(/met\s+8 \/ 10/)
    await look('end')
    const printed = (await page.pdf({ format: 'A4' })).toString('latin1')
    expect(printed.match(/\/Type\s*\/Page\b/g)).toHaveLength(1)
  })
})
