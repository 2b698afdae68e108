import { afterAll, beforeAll, expect, it } from 'vitest'
import { recordedServer, type RecordedServer } from '../testing/recorded-server.ts'

let server: RecordedServer
beforeAll(async () => void (server = await recordedServer(false)))
afterAll(() => server[Symbol.asyncDispose]())

const watch = (resourceVersion: string) =>
  server.send({
    method: 'GET',
    path: '/api/v1/namespaces',
    query: `watch=true&timeoutSeconds=1&resourceVersion=${resourceVersion}`,
  })

it('tells whoever resumes from a version that this cluster never had to list anew', async () => {
  const { status, text } = await watch('987654321')
  expect(status).toBe(200)
  expect(JSON.parse(text)).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })
})

it('resumes from the version of a list without telling anything twice', async () => {
  const list = await server.send({ method: 'GET', path: '/api/v1/namespaces' })
  const { metadata } = JSON.parse(list.text) as { metadata: { resourceVersion: string } }
  expect((await watch(metadata.resourceVersion)).text).toBe('')
})
