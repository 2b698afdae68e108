import { existsSync } from 'node:fs'
import path from 'node:path'
import type { NewObject } from '../kubernetes/index.ts'
import { validateConfig } from '../mesh/istiod/validate/index.ts'
import type { Run } from './command-line/command.ts'
import { CommandError } from './command-line/io.ts'
import { filesOf, parseResources, readText } from './files/documents.ts'

const portNames = /^(?:tcp|udp|http|http2|https|grpc|grpc-web|tls|mongo|mysql|redis|hbone)(?:-.*)?$/
const requirements = 'https://istio.io/v1.31/docs/ops/deployment/requirements/'

/** `istioctl validate`: files without a cluster. */
export const validate: Run = async ({ io, flags }) => {
  const names = flags.list('filename')
  if (names.length === 0) {
    throw new CommandError(
      "error: you must specify resources by --filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'",
    )
  }
  const errors: string[] = []
  for (const name of names) {
    if (name !== '-' && !existsSync(path.resolve(io.folder, name)))
      throw new CommandError(`stat ${name}: no such file or directory`)
    const files = name === '-' ? ['-'] : filesOf(io.folder, name, true)
    for (const file of files) {
      const text = file === '-' ? await io.readAll() : readText(io.folder, file)
      const { resources, problems } = parseResources(text, file)
      const own = problems.map(
        (problem) => `failed to decode file ${file}:  error converting YAML to JSON: yaml: ${problem.message}`,
      )
      const warnings: string[] = []
      for (const { object } of resources) check(object, own, warnings, io.stderr)
      errors.push(...own)
      if (warnings.length > 0)
        io.stderr(`"${file}" has warnings: \n${warnings.map((warning) => `\t* ${warning}\n`).join('')}\n`)
      else if (own.length === 0) io.stderr(`"${file}" is valid\n`)
    }
  }
  if (errors.length === 0) return 0
  const count = errors.length === 1 ? '1 error occurred' : `${errors.length} errors occurred`
  throw new CommandError(`${count}:\n${errors.map((error) => `\t* ${error}\n`).join('')}\n\n`)
}

function check(object: NewObject, errors: string[], warnings: string[], say: (text: string) => void): void {
  const { name = '', namespace = '' } = object.metadata
  const shown = `${object.kind}/${namespace}/${name}`
  if (object.kind === 'Service') {
    const ports: { name?: string }[] = object['spec']?.ports ?? []
    for (const port of ports.filter((one) => one.name !== undefined && !portNames.test(one.name))) {
      errors.push(
        `${shown}: service "${name}/${namespace}/:" port "${port.name}" does not follow the Istio naming convention. See ${requirements}`,
      )
    }
  }
  if (object.kind === 'Deployment') {
    const labels: Record<string, string> = object['spec']?.template?.metadata?.labels ?? {}
    if (labels['app'] === undefined || labels['version'] === undefined) {
      const listed = Object.entries(labels)
        .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
        .join(', ')
      say(
        `deployment "${name}/${namespace}:" may not provide Istio metrics and telemetry labels: map[${listed}]. See ${requirements}\n`,
      )
    }
  }
  const found = validateConfig(object)
  errors.push(...found.errors.map((error) => `${shown}: ${error}`))
  warnings.push(...found.warnings.map((warning) => `${shown}: ${warning}`))
}
