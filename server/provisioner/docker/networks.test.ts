import { expect, test } from 'vitest'
import type { ExecResult } from '../engine.ts'
import { addNetwork } from './networks.ts'

const cluster = { name: 'lw-x-a', installation: 'x', id: 'a' }
const said = (output: string, error = ''): ExecResult => ({ exitCode: error === '' ? 0 : 1, output, error })

/** An engine that has these networks; `before` happens just before it makes another one. */
function engine(subnets: Record<string, string>, before: (subnets: Record<string, string>) => void = () => undefined) {
  return async ([, verb, ...args]: readonly string[]): Promise<ExecResult> => {
    if (verb === 'ls') return said(Object.keys(subnets).join('\n'))
    if (verb === 'inspect') return said(Object.values(subnets).join('\n'))
    before(subnets)
    const subnet = args[args.indexOf('--subnet') + 1]!
    if (Object.values(subnets).includes(subnet)) return said('', 'Pool overlaps with other one on this address space')
    subnets[args.at(-1)!] = subnet
    return said('id')
  }
}

test('takes the lowest free addresses', async () => {
  const subnets = { other: '10.201.0.0/28' }
  await addNetwork(engine(subnets), cluster)
  expect(subnets).toEqual({ other: '10.201.0.0/28', 'lw-x-a': '10.201.0.16/28' })
})

test('looks again when another installation was faster', async () => {
  const subnets: Record<string, string> = {}
  await addNetwork(
    engine(subnets, (now) => (now['theirs'] ??= '10.201.0.0/28')),
    cluster,
  )
  expect(subnets).toEqual({ theirs: '10.201.0.0/28', 'lw-x-a': '10.201.0.16/28' })
})

test('gives what the engine refuses for another reason', async () => {
  const refusing = engine({})
  const docker = (args: readonly string[]) =>
    args[1] === 'create' ? Promise.resolve(said('', 'no space left on device')) : refusing(args)
  expect(await addNetwork(docker, cluster)).toMatchObject({ error: 'no space left on device' })
})

test('says when all are taken', async () => {
  await expect(addNetwork(engine({ large: '10.0.0.0/8' }), cluster)).rejects.toMatchObject({
    code: 'ADDRESSES_EXHAUSTED',
  })
})
