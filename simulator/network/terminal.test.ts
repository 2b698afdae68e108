import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../kubernetes/index.ts'
import { TestCluster, type TestPod } from './testing/cluster.ts'

let cluster: TestCluster
let box: TestPod

beforeEach(() => {
  cluster = new TestCluster({ clock: systemClock })
  box = cluster.pod({ name: 'box', image: 'busybox', command: ['sleep', 'infinity'] })
})

afterEach(() => cluster[Symbol.dispose]())

/** A person at a terminal: types, and waits until something is on the screen. */
function sit(pod: TestPod, command = ['sh']) {
  const keyboard = new PassThrough()
  const client = new AbortController()
  let screen = ''
  let look: () => void = () => {}
  const done = pod.shell.exec(command, {
    stdin: keyboard,
    stdout: (chunk) => {
      screen += Buffer.from(chunk).toString()
      look()
    },
    stderr: () => {},
    tty: true,
    onResize: (listener) => listener({ columns: 80, rows: 24 }),
    signal: client.signal,
  })
  return {
    done,
    hangUp: () => client.abort(),
    type: (text: string) => void keyboard.write(text),
    screen: () => screen,
    see: (text: string) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`never saw ${JSON.stringify(text)} in ${JSON.stringify(screen)}`)),
          5000,
        )
        look = () => {
          if (!screen.includes(text)) return
          clearTimeout(timer)
          resolve()
        }
        look()
      }),
  }
}

describe('a shell on a terminal', () => {
  it('prompts, echoes, runs and keeps its state from line to line', async () => {
    const person = sit(box)
    await person.see('/ # ')
    person.type('cd /tmp\r')
    await person.see('/tmp # ')
    person.type('X=7; greet() { echo "hi $1"; }\r')
    person.type('greet $X\r')
    await person.see('hi 7\r\n')
    person.type('false\recho $?\r')
    await person.see('echo $?\r\n1\r\n')
    person.type('exit 4\r')
    expect(await person.done).toEqual({ exitCode: 4 })
  })

  it('ends with Ctrl-D on an empty line', async () => {
    const person = sit(box)
    await person.see('/ # ')
    person.type('\x04')
    expect(await person.done).toEqual({ exitCode: 0 })
  })

  it('interrupts what runs with Ctrl-C and prompts again', async () => {
    const person = sit(box)
    await person.see('/ # ')
    person.type('sleep 3600\r')
    await person.see('sleep 3600\r\n')
    // Only a command that has begun can be interrupted; what is typed before waits at the prompt.
    await new Promise((resolve) => setTimeout(resolve, 100))
    person.type('\x03')
    await person.see('^C\r\n/ # ')
    person.type('echo $?\r')
    await person.see('130\r\n')
  })

  it('asks for more when a command is not complete', async () => {
    const person = sit(box)
    await person.see('/ # ')
    person.type('for i in 1 2\r')
    await person.see('> ')
    person.type('do echo n$i\rdone\r')
    await person.see('n1\r\nn2\r\n')
    person.type("echo 'a\rb'\r")
    await person.see('a\r\nb\r\n')
  })

  it.each([
    ['backspace', 'echo wrogn\x7f\x7fng\r', 'wrong\r\n'],
    ['the left arrow', 'echo bc\x1b[D\x1b[Da\r', '\r\nabc\r\n'],
    ['Ctrl-A and Ctrl-E', 'cho 1\x01e\x052\r', '\r\n12\r\n'],
    ['Ctrl-U', 'rubbish\x15echo clean\r', '\r\nclean\r\n'],
    ['Ctrl-W', 'echo one two\x17three\r', '\r\none three\r\n'],
    ['the delete key', 'echo xab\x1b[D\x1b[D\x1b[D\x1b[3~\r', '\r\nab\r\n'],
    ['the up arrow', 'echo first\recho second\r\x1b[A\x1b[A\r', 'first\r\n/ # echo second\r\nsecond\r\n'],
  ])('edits with %s', async (_, keys, seen) => {
    const person = sit(box)
    await person.see('/ # ')
    person.type(keys)
    await person.see(seen)
  })

  it('has the prompt of the image', async () => {
    const ubuntu = cluster.pod({ name: 'ubuntu', image: 'ubuntu', command: ['sleep', 'infinity'] })
    await sit(ubuntu, ['bash']).see('root@ubuntu:/# ')
    const curl = cluster.pod({ name: 'curl', image: 'curlimages/curl', command: ['sleep', 'infinity'] })
    await sit(curl).see('/ $ ')
  })

  it('ends when the client hangs up', async () => {
    const person = sit(box)
    await person.see('/ # ')
    person.hangUp()
    expect(await person.done).toEqual({ exitCode: 137 })
  })
})
