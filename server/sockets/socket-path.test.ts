import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { socketPath } from './socket-path.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'sockets-'))))
afterEach(() => rmSync(folder, { recursive: true }))
const long = () => path.join(folder, 'x'.repeat(100))

test('a socket lies in the data folder', () => {
  expect(socketPath(folder, 'server')).toBe(path.join(folder, 'run', 'server.sock'))
})

test('a path that is too long for a socket has a folder of its own, the same every time', () => {
  const socket = socketPath(long(), 'server')
  expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(103)
  expect(socketPath(long(), 'server')).toBe(socket)
  expect(path.dirname(socketPath(long(), 'terminals'))).toBe(path.dirname(socket))
  expect(statSync(path.dirname(socket)).mode & 0o777).toBe(0o700)
  rmSync(path.dirname(socket), { recursive: true })
})

test('a folder that others may write in is not used', () => {
  const place = path.dirname(socketPath(long(), 'server'))
  chmodSync(place, 0o777)
  expect(() => socketPath(long(), 'server')).toThrow("is not this user's alone")
  rmSync(place, { recursive: true })
})
