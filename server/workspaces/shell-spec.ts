/** A program to be run for a learner: everything it gets is here, nothing is inherited. */
export interface ShellSpec {
  command: string
  arguments: string[]
  folder: string
  environment: Record<string, string>
}
