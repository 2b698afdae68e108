import { expect, test } from 'vitest'
import { reasonOfEngine } from './docker/command.ts'
import { lastWords } from './last-words.ts'

test.each([
  ['first\nno space left on device.\n\n', 'no space left on device'],
  ['Is the daemon running?', 'Is the daemon running'],
  ['  \n', undefined],
  ['', undefined],
])('%j ends with %j', (text, words) => expect(lastWords(text)).toBe(words))

test.each([
  [
    "docker: Error response from daemon: no such image.\n\nRun 'docker run --help' for more information",
    'no such image',
  ],
  ['Error response from daemon: pull access denied', 'pull access denied'],
  ['ERROR: failed to build', 'failed to build'],
  ['', 'it said nothing'],
])('an engine that says %j gives the reason %j', (text, reason) => expect(reasonOfEngine(text)).toBe(reason))
