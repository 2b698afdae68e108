import { mkdir, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import path from 'node:path'
import { socketPath } from '../../server/sockets/index.ts'
import { makeGround, Serve, type GroundFolders, type LabFiles } from '../faults/support/serve.ts'
import { LearnerShell } from './learner-shell.ts'
import { LiveClient } from './live-client.ts'

export interface World extends AsyncDisposable {
  ground: GroundFolders
  readonly server: Serve
  /** Logged in. */
  page: LiveClient
  /** A new start link of the running server, as a second `labwright serve` prints it. */
  newLink(): Promise<string>
  /** The home of a session's workspace. */
  home(session: string): string
  /** Starts a session of a lab, connects the page to it, and opens a terminal. */
  enter(lab: string): Promise<{ session: string; shell: LearnerShell }>
}

export interface Place extends AsyncDisposable {
  inside: readonly string[]
  seen(file: string): string
}

/** A server in folders of its own, with one learner. All that it started ends with it, also after a failure. */
export async function startWorld(
  options: {
    labs?: Record<string, LabFiles>
    environment?: Record<string, string>
    args?: string[]
    /** Prepares the folders, and answers with a command that starts the server somewhere else and how files there are named here. */
    place?: (ground: GroundFolders) => Promise<Place>
  } = {},
): Promise<World> {
  const ground = await makeGround(options.labs)
  const environment = { PATH: await withHelm(ground.folder), ...options.environment }
  let place: Place | undefined
  let server: Serve | undefined
  const end = async () => {
    await server?.stop('SIGKILL')
    await ground.remove(async () => place?.[Symbol.asyncDispose]())
  }
  try {
    place = await options.place?.(ground)
    server = new Serve([...ground.args, ...(options.args ?? [])], environment, { inside: place?.inside ?? [] })
    const seen = (file: string) => place?.seen(file) ?? file
    const page = await LiveClient.login(String(await server.link()))
    const home = (session: string) => seen(path.join(ground.data, 'workspaces', session, 'home'))
    return {
      ground,
      server,
      page,
      home,
      newLink: () => newLink(ground.data),
      enter: async (lab) => {
        const { id: session } = await page.startSession(lab)
        await page.connect(session)
        return { session, shell: await LearnerShell.open(page, home(session)) }
      },
      async [Symbol.asyncDispose]() {
        page.close()
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

/** A PATH with a helm that does nothing: unpacking the packaged one takes seconds, and these tests need none. */
async function withHelm(folder: string): Promise<string> {
  const tools = path.join(folder, 'tools')
  await mkdir(tools)
  await writeFile(path.join(tools, 'helm'), '#!/bin/sh\n', { mode: 0o755 })
  return `${tools}${path.delimiter}${process.env['PATH'] ?? ''}`
}

/** The running server's socket answers with one, as it does to a second server on the same data. */
function newLink(data: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: socketPath(data, 'server'), path: '/' }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve((JSON.parse(Buffer.concat(chunks).toString()) as { link: string }).link))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}
