import type { ShellSpec } from './shell-spec.ts'

/** What a session asks of a workspace. */
export interface WorkspaceRequest {
  /** Session id: letters, digits and dashes; one workspace a session. */
  id: string
  /** The learner's credentials, as the text of a kubeconfig file. Its current context should name the namespace `default`. */
  kubeconfig: string
  /** Of the lab: URL prefix -> name of a mirror. */
  mirrors: { url: string; mirror: string }[]
  /** Id of the session's cluster: workspaces in containers lie beside it. */
  cluster?: string
}

export interface Workspace {
  id: string
  /** True when shells see nothing of this machine but the system and their own home. */
  sandboxed: boolean
  /** Sentences about what the learner will miss: a tool that this machine does not have, and how to get it. */
  notes: string[]
}

export interface RunResult {
  exitCode: number
  /** Standard output and error together, cut at 1 MiB. */
  output: string
  timedOut: boolean
}

/** Makes workspaces: where a learner's shells run and files live. Every provider passes the same conformance suite. */
export interface WorkspaceProvider {
  /** Why shells run plainly, as the server's user; undefined where each of them is sandboxed. */
  readonly whyPlain: string | undefined
  /** Where its shells stand: that says by which address they reach their cluster. */
  readonly standpoint: 'machine' | 'network'
  /** Makes the workspace, or takes it up again after a restart: files that are there stay. */
  create(request: WorkspaceRequest): Promise<Workspace>
  /** What to start in a terminal of this workspace. */
  shell(id: string): ShellSpec
  /** Writes a file below the home; returns the path as the learner's shell names it (`~/strict.yaml`). */
  writeFile(id: string, path: string, text: string): Promise<string>
  /** Runs a script with bash in the workspace, without a terminal. */
  run(id: string, script: string, options: { timeoutMilliseconds: number; signal?: AbortSignal }): Promise<RunResult>
  /** Files are gone; shells must have been ended before. */
  delete(id: string): Promise<void>
  /** Ends what the provider itself holds; workspaces and files stay. */
  close(): Promise<void>
}

/** Answers one URL of a mirror, as the site itself would. */
export type Mirror = (url: URL) => Promise<MirrorAnswer> | MirrorAnswer
export interface MirrorAnswer {
  status: number
  headers: Record<string, string>
  body: Uint8Array | string
}
