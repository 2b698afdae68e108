import { readFile, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createCredentials } from '../simulator/apiserver/index.ts'

interface Answer {
  status: number
  type: string
  body: Buffer
}

/** A bare HTTPS server that answers every path with what the cluster answered once: the reference for what TLS and kubectl themselves take. */
export async function startStaticServer(
  kubeconfig: string,
  port: number,
  folder: string,
): Promise<{ kubeconfig: string; close(): void }> {
  const text = await readFile(kubeconfig, 'utf8')
  const token = /token: (\S+)/.exec(text)![1]!
  const answers = new Map<string, Answer>()
  const { server: own, authority } = createCredentials(Date.now())
  const server = createServer({ key: own.key, cert: own.certificate }, (asked, response) => {
    const key = `${asked.url} ${asked.headers.accept}`
    const send = ({ status, type, body }: Answer): void => {
      response.writeHead(status, { 'content-type': type, 'content-length': body.length })
      response.end(body)
    }
    const known = answers.get(key)
    if (known) return send(known)
    void fetchOnce(port, asked.url!, asked.headers.accept ?? '*/*', token).then((answer) => {
      answers.set(key, answer)
      send(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const file = path.join(folder, 'static-config')
  const ca = Buffer.from(authority.certificate).toString('base64')
  await writeFile(
    file,
    text
      .replace(/server: \S+/, `server: https://127.0.0.1:${(server.address() as AddressInfo).port}`)
      .replace(/certificate-authority-data: \S+/, `certificate-authority-data: ${ca}`),
  )
  return {
    kubeconfig: file,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function fetchOnce(port: number, url: string, accept: string, token: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { accept, authorization: `Bearer ${token}` }
    const call = request({ host: '127.0.0.1', port, path: url, rejectUnauthorized: false, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const type = response.headers['content-type'] ?? ''
        resolve({ status: response.statusCode!, type, body: Buffer.concat(chunks) })
      })
    })
    call.on('error', reject)
    call.end()
  })
}
