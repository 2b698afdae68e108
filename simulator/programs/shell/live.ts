import type {
  CommandNode,
  PipelineNode,
  RedirectionNode,
  ScriptNode,
  SimpleCommandNode,
  StatementNode,
  WordNode,
} from './ast.ts'

/**
 * The interpreter collects a script's output and hands it over at the end. A person (or `kubectl logs -f`) must see it as it comes, so every
 * command whose output goes to the script's own stdout or stderr is redirected to a path that is no file but a sink. Redirections of the
 * script's author come after ours and win, as in any shell.
 */
export interface LivePaths {
  stdout: string
  stderr: string
  /** Opened when the script itself says `exit`. */
  exit: string
  /** Our own commands that can write while they run, by the name under which they do. */
  streaming: ReadonlyMap<string, string>
}

export function makeLive(script: ScriptNode, paths: LivePaths): ScriptNode {
  return { ...script, statements: script.statements.map((statement) => liveStatement(statement, paths)) }
}

function liveStatement(statement: StatementNode, paths: LivePaths): StatementNode {
  return { ...statement, pipelines: statement.pipelines.map((pipeline) => livePipeline(pipeline, paths)) }
}

/** `exit` in a subshell or a pipe ends that alone. */
function inSubshell(paths: LivePaths): LivePaths {
  return { ...paths, exit: paths.stdout }
}

function livePipeline(pipeline: PipelineNode, paths: LivePaths): PipelineNode {
  const last = pipeline.commands.at(-1)
  if (last === undefined) return pipeline
  const alone = pipeline.commands.length === 1
  return {
    ...pipeline,
    commands: [...pipeline.commands.slice(0, -1), liveCommand(last, alone ? paths : inSubshell(paths), alone)],
  }
}

function liveCommand(command: CommandNode, paths: LivePaths, alone: boolean): CommandNode {
  const body = (statements: StatementNode[]): StatementNode[] =>
    statements.map((statement) => liveStatement(statement, paths))
  if (command.type === 'SimpleCommand') return liveSimple(command, paths, alone)
  if (command.type === 'FunctionDef') return command
  // Whatever is redirected as a whole goes where its author says.
  const isRedirected = command.redirections.some(({ operator }) => operator !== '<' && !operator.startsWith('<<'))
  if (isRedirected) return command
  switch (command.type) {
    case 'If':
      return {
        ...command,
        clauses: command.clauses.map((clause) => ({ condition: body(clause.condition), body: body(clause.body) })),
        elseBody: command.elseBody && body(command.elseBody),
      }
    case 'For':
    case 'CStyleFor':
      return { ...command, body: body(command.body) }
    case 'While':
    case 'Until':
      return { ...command, condition: body(command.condition), body: body(command.body) }
    case 'Case':
      return { ...command, items: command.items.map((item) => ({ ...item, body: body(item.body) })) }
    case 'Subshell':
      return { ...command, body: command.body.map((statement) => liveStatement(statement, inSubshell(paths))) }
    case 'Group':
      return { ...command, body: body(command.body) }
    default:
      return command
  }
}

function liveSimple(command: SimpleCommandNode, paths: LivePaths, alone: boolean): SimpleCommandNode {
  const name = literal(command.name)
  // `exec > file` changes where the shell itself writes.
  if (command.name === null || name === 'exec') return command
  const streaming =
    alone && command.redirections.length === 0 && name !== undefined ? paths.streaming.get(name) : undefined
  if (streaming !== undefined) return { ...command, name: word(streaming) }
  const own = [append(1, name === 'exit' ? paths.exit : paths.stdout), append(2, paths.stderr)]
  return { ...command, redirections: [...own, ...command.redirections] }
}

const loops: ReadonlySet<string> = new Set(['For', 'CStyleFor', 'While', 'Until'])

/**
 * Puts a command at the start of every loop's body, wherever the loop stands: it lets others have their turn, so that a busy loop in one
 * container does not stop the cluster.
 */
export function takeTurns<T>(node: T, command: string): T {
  if (Array.isArray(node)) return node.map((part: unknown) => takeTurns(part, command)) as T
  if (typeof node !== 'object' || node === null) return node
  const copy = Object.fromEntries(Object.entries(node).map(([key, part]) => [key, takeTurns(part as unknown, command)]))
  const { type, body } = copy
  if (typeof type === 'string' && loops.has(type) && Array.isArray(body))
    copy['body'] = [turn(command), ...(body as unknown[])]
  return copy as T
}

function turn(name: string): StatementNode {
  // The status of the command before is handed through: `$?` means the same with and without us.
  const status: WordNode = { type: 'Word', parts: [{ type: 'ParameterExpansion', parameter: '?', operation: null }] }
  const command: SimpleCommandNode = {
    type: 'SimpleCommand',
    assignments: [],
    name: word(name),
    args: [status],
    redirections: [],
  }
  const pipelines: PipelineNode[] = [{ type: 'Pipeline', commands: [command], negated: false }]
  return { type: 'Statement', pipelines, operators: [], background: false }
}

function literal(node: WordNode | null): string | undefined {
  const [part, ...rest] = node?.parts ?? []
  return part?.type === 'Literal' && rest.length === 0 ? part.value : undefined
}

function word(value: string): WordNode {
  return { type: 'Word', parts: [{ type: 'Literal', value }] }
}

function append(fd: number, path: string): RedirectionNode {
  return { type: 'Redirection', fd, operator: '>>', target: word(path) }
}
