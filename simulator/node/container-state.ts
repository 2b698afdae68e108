/** corev1.ContainerState: exactly one of the three. */
export interface ContainerState {
  waiting?: { reason: string; message?: string }
  running?: { startedAt: string }
  terminated?: {
    exitCode: number
    reason: string
    message?: string
    startedAt: string | null
    finishedAt: string | null
    containerID: string
  }
}

/**
 * `main`: one of `containers`; `init`: runs to its end before them; `sidecar`: an init container with restartPolicy Always; `ephemeral`: added
 * to a running pod by `kubectl debug`, once.
 */
export type ContainerRole = 'main' | 'init' | 'sidecar' | 'ephemeral'

/** corev1.ContainerStatus. */
export interface ContainerStatus {
  name: string
  state: ContainerState
  lastState: ContainerState
  ready: boolean
  restartCount: number
  image: string
  imageID: string
  containerID?: string
  started: boolean
}

const signalExit = 128

export function terminationReason(exitCode: number, killedBySystem: boolean): string {
  if (exitCode === 0) return 'Completed'
  // A program that ends with SIGKILL without being told to has run out of memory.
  return exitCode === signalExit + 9 && !killedBySystem ? 'OOMKilled' : 'Error'
}

/** Whether a container that ended starts again, by the pod's restartPolicy and its role. */
export function restarts(role: ContainerRole, policy: string, exitCode: number): boolean {
  if (role === 'sidecar') return true
  if (policy === 'Never' || role === 'ephemeral') return false
  return policy === 'OnFailure' || role === 'init' ? exitCode !== 0 : true
}
