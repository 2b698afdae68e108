import type { Command, CommandIo } from '../command.ts'

const nameserver = '10.96.0.10'

interface Answer {
  name: string
  addresses: readonly string[]
}

/** As the pod's resolver answers, search list included. */
function lookup({ container }: CommandIo, name: string): Answer | undefined {
  return container.sockets.lookup(name)
}

function operands(args: readonly string[]): string[] {
  return args.filter((word) => !word.startsWith('-') && !word.startsWith('+') && !word.startsWith('@'))
}

const nslookup: Command = async (io) => {
  const [name] = operands(io.args)
  if (name === undefined) {
    io.stderr('Usage: nslookup [HOST] [DNS_SERVER]\n')
    return 1
  }
  io.stdout(`Server:\t\t${nameserver}\nAddress:\t${nameserver}:53\n\n`)
  const answer = lookup(io, name)
  if (answer === undefined) {
    io.stdout(`** server can't find ${name}: NXDOMAIN\n\n`)
    return 1
  }
  io.stdout(answer.addresses.map((address) => `Name:\t${answer.name}\nAddress: ${address}\n`).join(''))
  io.stdout('\n')
  return 0
}

/** dig asks for the name as it stands, without the search list, unless `+search` is given. */
const dig: Command = async (io) => {
  const words = operands(io.args).filter((word) => !/^(A|AAAA|IN)$/i.test(word))
  const [name] = words
  if (name === undefined) {
    io.stderr('Usage: dig [+short] [+search] name\n')
    return 1
  }
  const unsupported =
    words.find((word) => /^(SRV|TXT|MX|NS|SOA|PTR|ANY|CNAME)$/i.test(word)) ?? io.args.find((word) => word === '-x')
  if (unsupported !== undefined) {
    io.stderr(`dig: this practice cluster answers A records only, not ${unsupported}.\n`)
    return 1
  }
  const full = name.endsWith('.') || io.args.includes('+search') ? name : `${name}.`
  const answer = lookup(io, full)
  if (io.args.includes('+short')) {
    io.stdout((answer?.addresses ?? []).map((address) => `${address}\n`).join(''))
    return 0
  }
  const asked = (answer?.name ?? name).replace(/\.?$/, '.')
  const records = (answer?.addresses ?? []).map((address) => `${asked}\t30\tIN\tA\t${address}\n`)
  const status = answer === undefined ? 'NXDOMAIN' : 'NOERROR'
  io.stdout(
    `\n; <<>> DiG 9.20.11 <<>> ${io.args.join(' ')}\n;; global options: +cmd\n;; Got answer:\n` +
      `;; ->>HEADER<<- opcode: QUERY, status: ${status}, id: ${io.container.random.below(65_536)}\n` +
      `;; flags: qr aa rd; QUERY: 1, ANSWER: ${records.length}, AUTHORITY: 0, ADDITIONAL: 0\n\n` +
      `;; QUESTION SECTION:\n;${asked}\t\tIN\tA\n\n` +
      (records.length === 0 ? '' : `;; ANSWER SECTION:\n${records.join('')}\n`) +
      `;; Query time: 0 msec\n;; SERVER: ${nameserver}#53(${nameserver}) (UDP)\n\n`,
  )
  return 0
}

const host: Command = async (io) => {
  const [name = ''] = operands(io.args)
  const answer = lookup(io, name)
  if (answer === undefined) {
    io.stdout(`Host ${name} not found: 3(NXDOMAIN)\n`)
    return 1
  }
  io.stdout(answer.addresses.map((address) => `${answer.name} has address ${address}\n`).join(''))
  return 0
}

const getent: Command = async (io) => {
  const [database, ...names] = operands(io.args)
  if (database !== 'hosts' && database !== 'ahosts' && database !== 'ahostsv4') {
    io.stderr(`getent: only "getent hosts NAME" is there in this practice cluster.\n`)
    return 1
  }
  const answers = names.map((name) => lookup(io, name))
  for (const answer of answers)
    for (const address of answer?.addresses ?? []) io.stdout(`${address.padEnd(15)} ${answer?.name}\n`)
  return answers.includes(undefined) ? 2 : 0
}

export const dns: Readonly<Record<string, Command>> = { nslookup, dig, host, getent }
