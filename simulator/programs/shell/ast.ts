import type { CommandNode, ScriptNode, SimpleCommandNode } from 'just-bash'

export type { CommandNode, PipelineNode, ScriptNode, SimpleCommandNode, StatementNode, WordNode } from 'just-bash'
export type RedirectionNode = SimpleCommandNode['redirections'][number]
export type FunctionDefNode = Extract<CommandNode, { type: 'FunctionDef' }>

/** Functions that a script defines at its top level: an interactive shell keeps them from line to line. */
export function functionsOf(script: ScriptNode): FunctionDefNode[] {
  return script.statements
    .flatMap(({ pipelines }) => pipelines)
    .flatMap(({ commands }) => commands)
    .filter((command): command is FunctionDefNode => command.type === 'FunctionDef')
}

/** A script of one command. */
export function scriptOf(command: CommandNode): ScriptNode {
  const pipelines = [{ type: 'Pipeline' as const, commands: [command], negated: false }]
  return { type: 'Script', statements: [{ type: 'Statement', pipelines, operators: [], background: false }] }
}
