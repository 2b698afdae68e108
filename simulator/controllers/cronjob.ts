import { createEventRecorder, createWorkQueue, keyOf, type KubeObject } from '../kubernetes/index.ts'
import { manager, together, type Controller } from './controller.ts'
import { controlledBy, watchOwned } from './owned.ts'
import { nextTime, parseSchedule } from './schedule.ts'

const resource = 'cronjobs.batch'
const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp'
const minuteMilliseconds = 60_000

/** Makes Jobs at the times of a schedule. */
export const cronJobController: Controller = ({ api, clock, report }) => {
  const recorder = createEventRecorder({ api, clock, report, component: 'cronjob-controller' })

  const reconcile = async (key: string): Promise<void> => {
    const [namespace = '', name = ''] = key.split('/')
    const cron = api.get(resource, namespace, name)
    if (cron === undefined || cron.metadata.deletionTimestamp !== undefined) return
    const schedule = parseSchedule(cron.spec.schedule)
    if (schedule === undefined) {
      const message = `unparseable schedule: ${cron.spec.schedule}`
      return recorder.record(cron, 'Warning', 'UnparseableSchedule', message)
    }
    const jobs = owned.of(cron.metadata.uid)
    await tidy(cron, jobs)
    const due = dueTime(cron, (after) => nextTime(schedule, after, cron.spec.timeZone))
    if (due !== undefined && cron.spec.suspend !== true) await start(cron, due)
    await writeStatus(cron, due !== undefined && cron.spec.suspend !== true ? due : undefined)
    const next = nextTime(schedule, clock.now(), cron.spec.timeZone)
    if (next !== undefined) queue.addAfter(key, next - clock.now() + 50)
  }

  /** The newest time since the last run (or the object's birth) that has come and may still be served. */
  const dueTime = (cron: KubeObject, following: (after: number) => number | undefined): number | undefined => {
    const since = Date.parse(cron.status?.lastScheduleTime ?? cron.metadata.creationTimestamp)
    const { startingDeadlineSeconds } = cron.spec
    const earliest = startingDeadlineSeconds ? Math.max(since, clock.now() - startingDeadlineSeconds * 1000) : since
    let due: number | undefined
    for (
      let next = following(earliest), tries = 0;
      next !== undefined && next <= clock.now() && tries < mostMissed;
      tries++
    ) {
      due = next
      next = following(next)
    }
    return due
  }

  const start = async (cron: KubeObject, due: number): Promise<void> => {
    const running = owned.of(cron.metadata.uid).filter((job) => ended(job) === undefined)
    const policy = cron.spec.concurrencyPolicy ?? 'Allow'
    if (policy === 'Forbid' && running.length > 0) {
      return recorder.record(
        cron,
        'Normal',
        'JobAlreadyActive',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
      )
    }
    if (policy === 'Replace') for (const job of running) await remove(cron, job)
    const { metadata, spec } = cron.spec.jobTemplate
    const name = `${cron.metadata.name}-${due / minuteMilliseconds}`
    const namespace = cron.metadata.namespace ?? ''
    if (api.get('jobs.batch', namespace, name) !== undefined) return
    const annotations = {
      ...metadata?.annotations,
      [scheduledAnnotation]: new Date(due).toISOString().replace('.000Z', 'Z'),
    }
    const labels = metadata?.labels === undefined ? {} : { labels: metadata.labels }
    await api.create(
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name, namespace, annotations, ...labels, ownerReferences: [controlledBy(cron)] },
        spec: structuredClone(spec),
      },
      { manager },
    )
    recorder.record(cron, 'Normal', 'SuccessfulCreate', `Created job ${name}`)
  }

  const tidy = async (cron: KubeObject, jobs: readonly KubeObject[]): Promise<void> => {
    const limits = {
      Complete: cron.spec.successfulJobsHistoryLimit ?? 3,
      Failed: cron.spec.failedJobsHistoryLimit ?? 1,
    }
    const active: { uid: string }[] = cron.status?.active ?? []
    for (const job of jobs) {
      const how = ended(job)
      if (how !== undefined && active.some(({ uid }) => uid === job.metadata.uid)) {
        recorder.record(cron, 'Normal', 'SawCompletedJob', `Saw completed job: ${job.metadata.name}, condition: ${how}`)
      }
    }
    for (const [how, limit] of Object.entries(limits)) {
      const finished = jobs
        .filter((job) => ended(job) === how)
        .toSorted((a, b) => Date.parse(a.status.startTime ?? '') - Date.parse(b.status.startTime ?? ''))
      for (const job of finished.slice(0, Math.max(0, finished.length - limit))) await remove(cron, job)
    }
  }

  const remove = async (cron: KubeObject, job: KubeObject): Promise<void> => {
    const { namespace, name, uid } = job.metadata
    await api.delete('jobs.batch', namespace, name, { uid, propagation: 'Background', manager })
    recorder.record(cron, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`)
  }

  const writeStatus = async (cron: KubeObject, started: number | undefined): Promise<void> => {
    const jobs = owned.of(cron.metadata.uid)
    const active = jobs
      .filter((job) => ended(job) === undefined)
      .map(({ apiVersion, kind, metadata: { namespace, name, uid, resourceVersion } }) => ({
        apiVersion,
        kind,
        namespace,
        name,
        uid,
        resourceVersion,
      }))
    const successes = jobs
      .filter((job) => ended(job) === 'Complete')
      .map(({ status }) => status.completionTime as string)
    const lastSuccessfulTime = successes.toSorted().at(-1) ?? cron.status?.lastSuccessfulTime
    const lastScheduleTime =
      started === undefined ? cron.status?.lastScheduleTime : new Date(started).toISOString().replace('.000Z', 'Z')
    const status = {
      ...(active.length > 0 ? { active } : {}),
      ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
      ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }),
    }
    await api.mutate(
      resource,
      cron.metadata.namespace,
      cron.metadata.name,
      (object) => {
        if (JSON.stringify(object.status ?? {}) === JSON.stringify(status)) return false
        object.status = status
      },
      { subresource: 'status', manager },
    )
  }

  const queue = createWorkQueue({ clock, reconcile, report })
  const owned = watchOwned(api, 'jobs.batch', (job, owners) => {
    for (const owner of owners) if (owner?.kind === 'CronJob') queue.add(`${job.metadata.namespace}/${owner.name}`)
  })
  const watch = api.watch(resource, ({ type, object, previous }) => {
    const statusOnly = previous !== undefined && previous.metadata.generation === object.metadata.generation
    if (type !== 'DELETED' && !statusOnly) queue.add(keyOf(object))
  })
  return together([watch, owned, queue])
}

// After a long sleep only the newest of the missed times counts; more than these are not looked through.
const mostMissed = 100_000

function ended({ status }: KubeObject): 'Complete' | 'Failed' | undefined {
  const conditions: { type: 'Complete' | 'Failed'; status: string }[] = status?.conditions ?? []
  return conditions.find((condition) => condition.status === 'True' && ['Complete', 'Failed'].includes(condition.type))
    ?.type
}
