/** The lab model: what a loader makes of a folder of content, and what everything else works with. */

/** How a task is decided: a verifier of `verifiers/` with parameters, or a shell script of the lab. */
export type Check =
  { kind: 'verifier'; verifier: string; with: Record<string, unknown> } | { kind: 'shell'; script: string }

export interface Hint {
  text: string
  /** Points that showing it costs; 0 is free. */
  cost: number
}

export interface Task {
  id: string
  title: string
  points: number
  /** `now` must hold at the moment and may fall back; `once` happened and stays. */
  when: 'now' | 'once'
  /** Step id from which on the task is frozen: later steps take away its ground. */
  until?: string
  check: Check
  /** Deadline of one run, in seconds. */
  timeoutSeconds: number
  hints: Hint[]
  /** Resources (plural.group, "pods", "peerauthentications.security.istio.io") whose change re-runs the check; absent: any change. */
  watches?: string[]
}

/** A command of the text that a click may run. The page sends `id`; the server looks `text` up. */
export interface Command {
  id: string
  text: string
  /** `exec` runs in a terminal, `copy` only copies, `interrupt` sends Ctrl-C first. */
  action: 'exec' | 'copy' | 'interrupt'
  /** Name of the terminal it is aimed at. */
  terminal: string
}

/** A block of the text that belongs into a file of the workspace. */
export interface FileBlock {
  id: string
  path: string
  text: string
}

export interface Step {
  id: string
  title: string
  /** Safe HTML. Commands are `<figure data-command="ID">`, files `<figure data-file="ID">`, tasks `<section data-task="ID">`. */
  html: string
  commands: Command[]
  files: FileBlock[]
  /** Task ids in their order in the text. */
  tasks: string[]
}

export interface Lab {
  id: string
  title: string
  summary: string
  minutes: number
  /** Hash of the folder's content: an attempt is pinned to it. */
  version: string
  /** Absolute path of the folder. */
  folder: string
  cluster: { istio: 'absent' | 'installed' }
  /** URL prefix or pattern -> name of a mirror that the workspace answers with when there is no internet. */
  mirrors: { url: string; mirror: string }[]
  /** Objects that lie in the cluster before the learner comes: paths of manifests in the folder. */
  setup: string[]
  /** Container images, with tags, that the lesson, its manifests and its scripts name. */
  images: string[]
  steps: Step[]
  tasks: Task[]
}
