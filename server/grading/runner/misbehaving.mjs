// A check runner for tests that does what a bad check could do: the order's verifier names it.
process.on('disconnect', () => process.exit(0))
process.on('message', (message) => {
  if (message.type !== 'run') return decide({ state: 'met', reason: JSON.stringify(message) })
  const { verifier } = message.order
  if (verifier === 'answers') decide({ state: 'unmet', reason: 'not yet' })
  if (verifier === 'hangs for ever') process.on('SIGTERM', () => undefined)
  if (verifier === 'is killed') process.kill(process.pid, 'SIGKILL')
  if (verifier === 'exits') process.exit(0)
  if (verifier === 'eats memory') for (const hoard = []; ;) hoard.push(new Array(100_000).fill(hoard.length))
  if (verifier === 'prints without end') print()
  if (verifier === 'probes') process.send({ type: 'probe', number: 1, request: { from: {}, url: 'http://x/' } })
})
process.send({ type: 'ready' })

function print() {
  process.stdout.write('x'.repeat(65_536), print)
}

function decide({ state, reason }) {
  process.send({ type: 'verdict', verdict: { state, reason, code: state, evidence: [] } }, () => process.exit(0))
}
