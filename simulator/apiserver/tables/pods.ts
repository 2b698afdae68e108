/** Rows of pods, as kubectl shows them: READY, STATUS, RESTARTS. */
import type { Tree } from '../../schema/tree.ts'
import { since } from './format.ts'

interface Progress {
  reason: string
  ready: number
  restarts: number
  lastRestart: string
}

const isSidecar = (container: Tree): boolean => container?.restartPolicy === 'Always'
const later = (a: string, b: Tree): string => (b && (a === '' || Date.parse(b) > Date.parse(a)) ? b : a)
const lastFinish = (status: Tree): Tree => status.lastState?.terminated?.finishedAt
const hasTrue = (pod: Tree, type: string): boolean =>
  (pod.status?.conditions ?? []).some((condition: Tree) => condition.type === type && condition.status === 'True')

function endReason({ reason, signal, exitCode }: Tree): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`)
}

/** Why the pod is still initialising, seen from one init container; undefined when that one is done. */
function initReason(status: Tree, index: number, total: number): string | undefined {
  const { terminated, waiting } = status.state ?? {}
  if (terminated) return terminated.exitCode === 0 ? undefined : `Init:${endReason(terminated)}`
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`
  return `Init:${index}/${total}`
}

function startReason(pod: Tree): string {
  const gated = (pod.status?.conditions ?? []).some(
    (condition: Tree) => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated',
  )
  return gated ? 'SchedulingGated' : pod.status?.reason || pod.status?.phase || ''
}

interface InitProgress extends Progress {
  initializing: boolean
  sidecarRestarts: number
  sidecarLastRestart: string
}

function throughInit(pod: Tree): InitProgress {
  const containers: Tree[] = pod.spec.initContainers ?? []
  const progress: InitProgress = {
    reason: startReason(pod),
    ready: 0,
    restarts: 0,
    lastRestart: '',
    initializing: false,
    sidecarRestarts: 0,
    sidecarLastRestart: '',
  }
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = isSidecar(containers.find(({ name }) => name === status.name))
    progress.restarts += status.restartCount ?? 0
    progress.lastRestart = later(progress.lastRestart, lastFinish(status))
    if (sidecar) {
      progress.sidecarRestarts += status.restartCount ?? 0
      progress.sidecarLastRestart = later(progress.sidecarLastRestart, lastFinish(status))
    }
    const succeeded = status.state?.terminated?.exitCode === 0
    if (sidecar && status.started && !succeeded) {
      if (status.ready) progress.ready += 1
      continue
    }
    const reason = initReason(status, index, containers.length)
    if (reason === undefined) continue
    progress.reason = reason
    progress.initializing = true
    break
  }
  return progress
}

function throughContainers(pod: Tree, init: InitProgress): Progress {
  const progress: Progress = {
    reason: init.reason,
    ready: init.ready,
    restarts: init.sidecarRestarts,
    lastRestart: init.sidecarLastRestart,
  }
  let running = false
  for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
    progress.restarts += status.restartCount ?? 0
    progress.lastRestart = later(progress.lastRestart, lastFinish(status))
    const { waiting, terminated } = status.state ?? {}
    if (waiting?.reason) progress.reason = waiting.reason
    else if (terminated) progress.reason = endReason(terminated)
    else if (status.ready && status.state?.running) {
      running = true
      progress.ready += 1
    }
  }
  if (progress.reason === 'Completed' && running) progress.reason = hasTrue(pod, 'Ready') ? 'Running' : 'NotReady'
  return progress
}

function progressOf(pod: Tree): Progress {
  const init = throughInit(pod)
  const progress = !init.initializing || hasTrue(pod, 'Initialized') ? throughContainers(pod, init) : init
  const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  if (!pod.metadata.deletionTimestamp) return progress
  if (pod.status?.reason === 'NodeLost') return { ...progress, reason: 'Unknown' }
  return ended ? progress : { ...progress, reason: 'Terminating' }
}

function readinessGates(pod: Tree): string {
  const gates: Tree[] = pod.spec.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  return `${gates.filter(({ conditionType }) => hasTrue(pod, conditionType)).length}/${gates.length}`
}

export function podCells(pod: Tree, now: number): unknown[] {
  const { reason, ready, restarts, lastRestart } = progressOf(pod)
  const total = pod.spec.containers.length + (pod.spec.initContainers ?? []).filter(isSidecar).length
  return [
    pod.metadata.name,
    `${ready}/${total}`,
    reason,
    restarts > 0 && lastRestart !== '' ? `${restarts} (${since(lastRestart, now)} ago)` : `${restarts}`,
    since(pod.metadata.creationTimestamp, now),
    pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || '<none>',
    pod.spec.nodeName || '<none>',
    pod.status?.nominatedNodeName || '<none>',
    readinessGates(pod),
  ]
}
