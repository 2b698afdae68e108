import {
  createEventRecorder,
  createWorkQueue,
  keyOf,
  timestamp,
  type Clock,
  type KubeObject,
} from '../kubernetes/index.ts'
import { manager, together, type Controller } from './controller.ts'
import { claim, watchOwned } from './owned.ts'
import { isReady, podFromTemplate, PodControl } from './pods.ts'

const resource = 'jobs.batch'
const indexKey = 'batch.kubernetes.io/job-completion-index'

// job_controller.go: DefaultJobPodFailureBackOff and MaxJobPodFailureBackOff.
const firstBackOffSeconds = 10
const longestBackOffSeconds = 600

interface Counts {
  active: KubeObject[]
  succeeded: number
  failed: number
  /** Indexes of succeeded pods of an indexed job. */
  done: Set<number>
}

/** Runs pods until as many have succeeded as a Job asks for, or too many have failed. */
export const jobController: Controller = ({ api, clock, report }) => {
  const recorder = createEventRecorder({ api, clock, report, component: 'job-controller' })
  const control = new PodControl(api, recorder)

  /** By the uid of the job. */
  const pasts = new Map<string, Past>()
  const pastOf = (job: KubeObject): Past => {
    const past = pasts.get(job.metadata.uid) ?? recall(job, owned.of(job.metadata.uid))
    pasts.set(job.metadata.uid, past)
    return past
  }

  const reconcile = async (key: string): Promise<void> => {
    const [namespace = '', name = ''] = key.split('/')
    const job = api.get(resource, namespace, name)
    if (job === undefined || job.metadata.deletionTimestamp !== undefined) return
    if (finishedAt(job) !== undefined) return expire(key, job)
    const counts = count(job, await claim(api, 'pods', job, owned), pastOf(job))
    const verdict = judge(clock, job, counts)
    if (verdict !== undefined || job.spec.suspend === true) {
      await Promise.all(counts.active.map((pod) => control.delete(job, pod)))
      await writeStatus(job, { ...counts, active: [] }, verdict)
      if (verdict !== undefined) {
        recorder.record(job, verdict.type === 'Complete' ? 'Normal' : 'Warning', verdict.event, verdict.eventMessage)
      }
      return
    }
    const wait = backOffLeft(clock, job, owned.of(job.metadata.uid), counts.failed)
    if (wait > 0) queue.addAfter(key, wait)
    else await start(job, counts)
    await writeStatus(job, count(job, owned.of(job.metadata.uid), pastOf(job)), undefined)
    const { activeDeadlineSeconds } = job.spec
    const startedAt = Date.parse(job.status?.startTime ?? timestamp(clock))
    if (activeDeadlineSeconds) queue.addAfter(key, startedAt + activeDeadlineSeconds * 1000 - clock.now() + 1)
  }

  const start = async (job: KubeObject, { active, succeeded, done }: Counts): Promise<void> => {
    const parallelism: number = job.spec.parallelism ?? 1
    const { completions } = job.spec
    const left =
      completions === undefined || completions === null
        ? succeeded > 0
          ? active.length
          : parallelism
        : completions - succeeded
    const wanted = Math.min(parallelism, left)
    for (const pod of active.slice(wanted)) await control.delete(job, pod)
    const taken = new Set([...done, ...active.map(indexOf)])
    for (let missing = wanted - active.length, index = 0; missing > 0; missing--) {
      while (taken.has(index)) index++
      taken.add(index)
      await control.create(job, jobPod(job, index))
    }
  }

  const expire = async (key: string, job: KubeObject): Promise<void> => {
    const { ttlSecondsAfterFinished: seconds } = job.spec
    if (seconds === undefined || seconds === null) return
    const left = Date.parse(finishedAt(job) ?? '') + seconds * 1000 - clock.now()
    if (left > 0) return queue.addAfter(key, left)
    const { namespace, name, uid } = job.metadata
    await api.delete(resource, namespace, name, { uid, propagation: 'Foreground', manager })
  }

  const writeStatus = async (job: KubeObject, counts: Counts, verdict: Verdict | undefined): Promise<void> => {
    const now = timestamp(clock)
    const suspended = job.spec.suspend === true
    const conditions: { type: string }[] = job.status?.conditions ?? []
    const wasSuspended = conditions.some(({ type }) => type === 'Suspended')
    const condition = (type: string, reason: string, message: string, status = 'True') => ({
      type,
      status,
      lastProbeTime: now,
      lastTransitionTime: now,
      reason,
      message,
    })
    const added =
      verdict === undefined
        ? []
        : [verdict.announce, verdict.type].map((type) => condition(type, verdict.reason, verdict.message))
    if (suspended && !wasSuspended) added.push(condition('Suspended', 'JobSuspended', 'Job suspended'))
    const status = {
      ...job.status,
      ...(job.status?.startTime === undefined && !suspended ? { startTime: now } : {}),
      ...(added.length > 0 ? { conditions: [...conditions, ...added] } : {}),
      ...(verdict?.type === 'Complete' ? { completionTime: now } : {}),
      ...(counts.active.length > 0 ? { active: counts.active.length } : {}),
      ...(counts.succeeded > 0 ? { succeeded: counts.succeeded } : {}),
      ...(counts.failed > 0 ? { failed: counts.failed } : {}),
      ...(job.spec.completionMode === 'Indexed' && counts.done.size > 0
        ? { completedIndexes: ranges(counts.done) }
        : {}),
      ready: counts.active.filter(isReady).length,
      terminating: 0,
      uncountedTerminatedPods: {},
    }
    if (counts.active.length === 0) delete status.active
    await api.mutate(
      resource,
      job.metadata.namespace,
      job.metadata.name,
      (object) => {
        if (JSON.stringify(object.status) === JSON.stringify(status)) return false
        object.status = status
      },
      { subresource: 'status', manager },
    )
  }

  const queue = createWorkQueue({ clock, reconcile, report })
  const owned = watchOwned(api, 'pods', (pod, owners) => {
    for (const owner of owners) if (owner?.kind === 'Job') queue.add(`${pod.metadata.namespace}/${owner.name}`)
  })
  const watch = api.watch(resource, ({ type, object }) => {
    if (type === 'DELETED') pasts.delete(object.metadata.uid)
    else queue.add(keyOf(object))
  })
  return together([watch, owned, queue])
}

interface Verdict {
  type: 'Complete' | 'Failed'
  /** The condition that comes first, while pods still end (KEP-3998). */
  announce: string
  reason: string
  message: string
  event: string
  eventMessage: string
}

const failed = (reason: string, message: string): Verdict => ({
  type: 'Failed',
  announce: 'FailureTarget',
  reason,
  message,
  event: reason,
  eventMessage: message,
})

function judge(clock: Clock, job: KubeObject, { active, succeeded, failed: failures }: Counts): Verdict | undefined {
  const { completions, activeDeadlineSeconds, backoffLimit = 6 } = job.spec
  if (failures > backoffLimit) return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  const age = clock.now() - Date.parse(job.status?.startTime ?? timestamp(clock))
  if (activeDeadlineSeconds && age >= activeDeadlineSeconds * 1000) {
    return failed('DeadlineExceeded', 'Job was active longer than specified deadline')
  }
  // Without completions one success is enough, once the others have ended (a work queue).
  const complete =
    completions === undefined || completions === null ? succeeded > 0 && active.length === 0 : succeeded >= completions
  if (!complete) return undefined
  return {
    type: 'Complete',
    announce: 'SuccessCriteriaMet',
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods',
    event: 'Completed',
    eventMessage: 'Job completed',
  }
}

/** Pods of a job that have ended, also those that were deleted since: what was counted stays counted. */
interface Past {
  /** How many had ended and were gone when this process first saw the job. */
  before: { succeeded: number; failed: number }
  /** Uids of those that it saw. */
  succeeded: Set<string>
  failed: Set<string>
  /** Indexes that have succeeded, of an Indexed job. */
  done: Set<number>
}

const endedOf = (pods: readonly KubeObject[], phase: string): KubeObject[] =>
  pods.filter(({ status }) => status?.phase === phase)

/** What a job's status tells of pods that are gone. */
function recall({ status = {} }: KubeObject, pods: readonly KubeObject[]): Past {
  const gone = (counted: number | undefined, phase: string): number =>
    Math.max(0, (counted ?? 0) - endedOf(pods, phase).length)
  return {
    before: { succeeded: gone(status.succeeded, 'Succeeded'), failed: gone(status.failed, 'Failed') },
    succeeded: new Set(),
    failed: new Set(),
    done: numbersOf(status.completedIndexes ?? ''),
  }
}

function count(job: KubeObject, pods: readonly KubeObject[], past: Past): Counts {
  const indexed = job.spec.completionMode === 'Indexed'
  const { before, succeeded, failed: failures, done } = past
  for (const pod of endedOf(pods, 'Succeeded')) {
    succeeded.add(pod.metadata.uid)
    if (indexed) done.add(indexOf(pod))
  }
  for (const pod of endedOf(pods, 'Failed')) failures.add(pod.metadata.uid)
  // With restartPolicy OnFailure restarts count against the limit as failed pods do.
  const restarts =
    job.spec.template.spec.restartPolicy === 'OnFailure'
      ? pods
          .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
          .flatMap(({ status }) => status?.containerStatuses ?? [])
          .reduce((sum: number, { restartCount }: { restartCount: number }) => sum + restartCount, 0)
      : 0
  return {
    active: pods.filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined && !['Succeeded', 'Failed'].includes(status?.phase),
    ),
    succeeded: indexed ? done.size : before.succeeded + succeeded.size,
    failed: before.failed + failures.size + (restarts > (job.spec.backoffLimit ?? 6) ? restarts : 0),
    done,
  }
}

const indexOf = ({ metadata }: KubeObject): number => Number(metadata.annotations?.[indexKey] ?? -1)

function jobPod(job: KubeObject, index: number) {
  if (job.spec.completionMode !== 'Indexed') return podFromTemplate(job, job.spec.template)
  const number = String(index)
  const pod = podFromTemplate(job, job.spec.template, {
    generateName: `${job.metadata.name}-${index}-`,
    annotations: { [indexKey]: number },
    labels: { [indexKey]: number },
  })
  pod.spec.hostname = `${job.metadata.name}-${index}`
  const fieldPath = `metadata.labels['${indexKey}']`
  for (const container of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
    container.env = [
      ...(container.env ?? []),
      { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } },
    ]
  }
  return pod
}

/** The numbers of `0-2,5`. */
function numbersOf(text: string): Set<number> {
  const numbers = new Set<number>()
  for (const part of text.split(',').filter((one) => one !== '')) {
    const [from = 0, to = from] = part.split('-').map(Number)
    for (let number = from; number <= to; number++) numbers.add(number)
  }
  return numbers
}

/** `0-2,5`. */
function ranges(numbers: ReadonlySet<number>): string {
  const parts: [number, number][] = []
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = parts.at(-1)
    if (last !== undefined && last[1] === number - 1) last[1] = number
    else parts.push([number, number])
  }
  return parts.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',')
}

function finishedAt(job: KubeObject): string | undefined {
  const conditions: { type: string; status: string; lastTransitionTime: string }[] = job.status?.conditions ?? []
  return conditions.find(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'))
    ?.lastTransitionTime
}

/** Milliseconds until the next pod may follow the last one that failed. */
function backOffLeft(clock: Clock, job: KubeObject, pods: readonly KubeObject[], failures: number): number {
  if (failures === 0 || job.spec.template.spec.restartPolicy === 'OnFailure') return 0
  const ends = pods
    .filter(({ status }) => status?.phase === 'Failed')
    .flatMap(({ status }) => status.containerStatuses ?? [])
    .map(({ state }: { state?: { terminated?: { finishedAt: string } } }) =>
      Date.parse(state?.terminated?.finishedAt ?? ''),
    )
    .filter((at: number) => !Number.isNaN(at))
  if (ends.length === 0) return 0
  const seconds = Math.min(firstBackOffSeconds * 2 ** (failures - 1), longestBackOffSeconds)
  return Math.max(0, Math.max(...ends) + seconds * 1000 - clock.now())
}
