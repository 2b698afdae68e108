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
  /** A command that lets others have their turn: a busy loop in one container must not stop the cluster. */
  yield: string
}

/** Builtins for which a redirection means something else, or which must not run in another form. */
const untouched: ReadonlySet<string> = new Set(['exec', 'eval', 'source', '.'])

export function makeLive(script: ScriptNode, paths: LivePaths): ScriptNode {
  return { ...script, statements: script.statements.map((statement) => liveStatement(statement, paths)) }
}

function liveStatement(statement: StatementNode, paths: LivePaths): StatementNode {
  return { ...statement, pipelines: statement.pipelines.map((pipeline) => livePipeline(pipeline, paths)) }
}

function livePipeline(pipeline: PipelineNode, paths: LivePaths): PipelineNode {
  const last = pipeline.commands.at(-1)
  if (last === undefined) return pipeline
  return {
    ...pipeline,
    commands: [...pipeline.commands.slice(0, -1), liveCommand(last, paths, pipeline.commands.length === 1)],
  }
}

function liveCommand(command: CommandNode, paths: LivePaths, alone: boolean): CommandNode {
  const body = (statements: StatementNode[]): StatementNode[] =>
    statements.map((statement) => liveStatement(statement, paths))
  const looped = (statements: StatementNode[]): StatementNode[] => [yieldStatement(paths), ...body(statements)]
  if (command.type === 'SimpleCommand') return liveSimple(command, paths, alone)
  if (command.type === 'FunctionDef') return command
  // Whatever is redirected as a whole goes where its author says; loops still give others their turn.
  const isRedirected = command.redirections.some(({ operator }) => operator !== '<' && !operator.startsWith('<<'))
  const inner = isRedirected ? (statements: StatementNode[]) => statements : body
  const loop = isRedirected ? (statements: StatementNode[]) => [yieldStatement(paths), ...statements] : looped
  switch (command.type) {
    case 'If':
      return {
        ...command,
        clauses: command.clauses.map((clause) => ({ condition: inner(clause.condition), body: inner(clause.body) })),
        elseBody: command.elseBody && inner(command.elseBody),
      }
    case 'For':
    case 'CStyleFor':
      return { ...command, body: loop(command.body) }
    case 'While':
    case 'Until':
      return { ...command, condition: inner(command.condition), body: loop(command.body) }
    case 'Case':
      return { ...command, items: command.items.map((item) => ({ ...item, body: inner(item.body) })) }
    case 'Subshell':
    case 'Group':
      return { ...command, body: inner(command.body) }
    default:
      return command
  }
}

function liveSimple(command: SimpleCommandNode, paths: LivePaths, alone: boolean): SimpleCommandNode {
  const name = literal(command.name)
  if (command.name === null || (name !== undefined && untouched.has(name))) return command
  const streaming =
    alone && command.redirections.length === 0 && name !== undefined ? paths.streaming.get(name) : undefined
  if (streaming !== undefined) return { ...command, name: word(streaming) }
  const own = [append(1, name === 'exit' ? paths.exit : paths.stdout), append(2, paths.stderr)]
  return { ...command, redirections: [...own, ...command.redirections] }
}

function yieldStatement(paths: LivePaths): StatementNode {
  const status: WordNode = { type: 'Word', parts: [{ type: 'ParameterExpansion', parameter: '?', operation: null }] }
  const command: SimpleCommandNode = {
    type: 'SimpleCommand',
    assignments: [],
    name: word(paths.yield),
    args: [status],
    redirections: [],
  }
  return {
    type: 'Statement',
    pipelines: [{ type: 'Pipeline', commands: [command], negated: false }],
    operators: [],
    background: false,
  }
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
