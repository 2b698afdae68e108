import {
  ApiError,
  createEventRecorder,
  createWorkQueue,
  keyOf,
  matchesSelector,
  type EventRecorder,
  type KubeObject,
} from '../kubernetes/index.ts'
import { withCondition } from './conditions.ts'
import { manager, together, type Controller, type ControllerContext } from './controller.ts'
import { rollStep, shrinkAllOld } from './deployment-roll.ts'
import { isScalingEvent, scaleInProportion, scaleWith, type ScaleSet } from './deployment-scale.ts'
import { baseStatus, hasDeadline, isComplete, rolloutStatus, untilTimedOut, type Rollout } from './deployment-status.ts'
import { claim, controlledBy, watchOwned, type OwnedIndex } from './owned.ts'
import {
  annotate,
  hashLabel,
  newReplicas,
  newReplicaSet,
  replicasOf,
  revisionAnnotation,
  revisionOf,
  sameTemplate,
  templateHash,
} from './replica-sets-of.ts'

const resource = 'deployments.apps'
const setResource = 'replicasets.apps'

/** Rolls a Deployment's ReplicaSets from one pod template to the next. */
export const deploymentController: Controller = (context) => {
  const { api, clock, report } = context
  const queue = createWorkQueue({
    clock,
    report,
    reconcile: async (key) => {
      const again = await roller.reconcile(key)
      if (again !== undefined) queue.addAfter(key, again)
    },
  })
  const sets = watchOwned(api, setResource, (set, owners) => {
    for (const owner of owners) {
      if (owner?.kind === 'Deployment') queue.add(`${set.metadata.namespace}/${owner.name}`)
      if (owner !== undefined || set.metadata.deletionTimestamp !== undefined) continue
      for (const deployment of api.list(resource, { namespace: set.metadata.namespace ?? '' })) {
        if (matchesSelector(deployment.spec.selector, set.metadata.labels)) queue.add(keyOf(deployment))
      }
    }
  })
  // Recreate waits for the old pods to be gone.
  const pods = watchOwned(api, 'pods', (pod, [owner]) => {
    const set = owner?.kind === 'ReplicaSet' ? api.get(setResource, pod.metadata.namespace, owner.name) : undefined
    const deployment = set?.metadata.ownerReferences?.find(({ controller }) => controller)
    if (deployment === undefined || set === undefined) return
    const key = `${set.metadata.namespace}/${deployment.name}`
    if (api.get(resource, set.metadata.namespace, deployment.name)?.spec.strategy?.type === 'Recreate') queue.add(key)
  })
  const recorder = createEventRecorder({ api, clock, report, component: 'deployment-controller' })
  const roller = new Roller(context, recorder, sets, pods)
  const watch = api.watch(resource, ({ type, object }) => {
    if (type !== 'DELETED') queue.add(keyOf(object))
  })
  return together([watch, sets, pods, queue])
}

class Roller {
  readonly #context: ControllerContext
  readonly #recorder: EventRecorder
  readonly #sets: OwnedIndex
  readonly #pods: OwnedIndex
  readonly #scale: ScaleSet

  constructor(context: ControllerContext, recorder: EventRecorder, sets: OwnedIndex, pods: OwnedIndex) {
    this.#context = context
    this.#recorder = recorder
    this.#sets = sets
    this.#pods = pods
    this.#scale = scaleWith(context.api, recorder)
  }

  /** Resolves to milliseconds after which to look again. */
  async reconcile(key: string): Promise<number | undefined> {
    const { api, clock } = this.#context
    const [namespace = '', name = ''] = key.split('/')
    const deployment = api.get(resource, namespace, name)
    if (deployment === undefined) return undefined
    const owned = await claim(api, setResource, deployment, this.#sets)
    if (deployment.metadata.deletionTimestamp !== undefined) {
      await this.#writeStatus(deployment, baseStatus(clock, rolloutOf(deployment, owned)))
      return undefined
    }
    if (deployment.spec.paused === true || isScalingEvent(deployment, owned)) return this.#sync(deployment, owned)
    return deployment.spec.strategy?.type === 'Recreate'
      ? this.#recreate(deployment, owned)
      : this.#roll(deployment, owned)
  }

  async #sync(deployment: KubeObject, owned: readonly KubeObject[]): Promise<undefined> {
    const { clock } = this.#context
    const { deployment: current, all } = await this.#withNewest(deployment, owned, false)
    await this.#pausedCondition(current)
    await scaleInProportion(current, all, this.#scale)
    if (current.spec.paused === true) await this.#cleanUp(current, all)
    const fresh = this.#fresh(current)
    if (fresh) await this.#writeStatus(fresh.deployment, baseStatus(clock, fresh))
    return undefined
  }

  async #roll(deployment: KubeObject, owned: readonly KubeObject[]): Promise<number | undefined> {
    const rollout = await this.#withNewest(deployment, owned, true)
    await this.#pausedCondition(rollout.deployment)
    const scaled = await rollStep(rollout, this.#scale)
    return this.#finish(rollout, !scaled)
  }

  async #recreate(deployment: KubeObject, owned: readonly KubeObject[]): Promise<number | undefined> {
    const found = await this.#withNewest(deployment, owned, false)
    await this.#pausedCondition(found.deployment)
    if (await shrinkAllOld(found, this.#scale)) return this.#finish(found, false)
    const oldPods = found.all
      .filter(({ metadata }) => metadata.uid !== found.newest?.metadata.uid)
      .flatMap(({ metadata }) => this.#pods.of(metadata.uid))
    if (oldPods.some(({ status }) => !['Succeeded', 'Failed'].includes(status?.phase)))
      return this.#finish(found, false)
    const rollout = await this.#withNewest(found.deployment, found.all, true)
    const { newest } = rollout
    const wanted = replicasOf(deployment)
    if (newest !== undefined && replicasOf(newest) !== wanted) await this.#scale(rollout.deployment, newest, wanted)
    return this.#finish(rollout, true)
  }

  /** Old ReplicaSets that nobody needs go once the rollout is complete; then the status is told. */
  async #finish({ deployment, all }: Rollout, mayClean: boolean): Promise<number | undefined> {
    const { clock } = this.#context
    if (mayClean && isComplete(deployment, deployment.status)) await this.#cleanUp(deployment, all)
    const fresh = this.#fresh(deployment)
    if (fresh === undefined) return undefined
    const status = rolloutStatus(clock, fresh)
    await this.#writeStatus(fresh.deployment, status)
    if (!hasDeadline(deployment) || isComplete(fresh.deployment, status)) return undefined
    const left = untilTimedOut(clock, { ...fresh.deployment, status })
    // Checked a second late, as deployment_controller.go requeueStuckDeployment.
    return left === undefined || left <= 0 ? undefined : left + 1000
  }

  #fresh({ metadata }: KubeObject): Rollout | undefined {
    const deployment = this.#context.api.get(resource, metadata.namespace, metadata.name)
    return deployment && rolloutOf(deployment, this.#sets.of(deployment.metadata.uid))
  }

  /** The ReplicaSet of the present template, made when it is missing and wanted; revisions are written on the way. */
  async #withNewest(deployment: KubeObject, owned: readonly KubeObject[], create: boolean): Promise<Rollout> {
    const { api } = this.#context
    const found = newReplicaSet(deployment, owned)
    const old = owned.filter((set) => set !== found)
    const revision = Math.max(0, ...old.map(revisionOf)) + 1
    if (found === undefined && !create) return { deployment, all: owned, newest: undefined }
    let newest = found
    if (found !== undefined) {
      const minReady = deployment.spec.minReadySeconds ?? 0
      newest = await api.mutate(
        setResource,
        found.metadata.namespace,
        found.metadata.name,
        (set) => {
          const changed = annotate(set, deployment, revision)
          if (!changed && (set.spec.minReadySeconds ?? 0) === minReady) return false
          if (minReady > 0) set.spec.minReadySeconds = minReady
          else delete set.spec.minReadySeconds
        },
        { manager },
      )
    } else newest = await this.#create(deployment, old, revision)
    const current = newest === undefined ? deployment : await this.#writeRevision(deployment, newest)
    const condition =
      found === undefined
        ? { reason: 'NewReplicaSetCreated', message: `Created new replica set "${newest?.metadata.name}"` }
        : { reason: 'FoundNewReplicaSet', message: `Found new replica set "${newest?.metadata.name}"` }
    const known = (current.status?.conditions ?? []).some(({ type }: { type: string }) => type === 'Progressing')
    const told = hasDeadline(current) && newest !== undefined && (found === undefined || !known)
    // A new template begins with no pod of its own, whatever the last one had: progress is counted from there.
    const restarted = found === undefined ? await this.#mutateStatus(current, withoutUpdated) : current
    const after = told ? await this.#setProgressing(restarted, { status: 'True', ...condition }) : restarted
    return { deployment: after, all: [...old, ...(newest ? [newest] : [])], newest }
  }

  async #create(deployment: KubeObject, old: readonly KubeObject[], revision: number): Promise<KubeObject> {
    const { api } = this.#context
    const { namespace = '', name } = deployment.metadata
    const hash = templateHash(deployment.spec.template, deployment.status?.collisionCount ?? 0)
    const labels = { ...deployment.spec.template.metadata?.labels, [hashLabel]: hash }
    const set: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: `${name}-${hash}`, namespace, labels, ownerReferences: [controlledBy(deployment)], ...unborn },
      spec: {
        replicas: 0,
        ...(deployment.spec.minReadySeconds ? { minReadySeconds: deployment.spec.minReadySeconds } : {}),
        selector: {
          ...deployment.spec.selector,
          matchLabels: { ...deployment.spec.selector.matchLabels, [hashLabel]: hash },
        },
        template: { ...deployment.spec.template, metadata: { ...deployment.spec.template.metadata, labels } },
      },
    }
    set.spec.replicas = newReplicas(deployment, old, undefined)
    annotate(set, deployment, revision)
    const { uid: _uid, resourceVersion: _version, creationTimestamp: _time, ...metadata } = set.metadata
    try {
      const created = await api.create({ ...set, metadata }, { manager })
      if (set.spec.replicas > 0) {
        const message = `Scaled up replica set ${created.metadata.name} from 0 to ${set.spec.replicas}`
        this.#recorder.record(deployment, 'Normal', 'ScalingReplicaSet', message)
      }
      return created
    } catch (error) {
      throw await this.#afterFailedCreate(deployment, set, error)
    }
  }

  async #afterFailedCreate(deployment: KubeObject, set: KubeObject, error: unknown): Promise<unknown> {
    if (!(error instanceof ApiError)) return error
    const { api } = this.#context
    if (error.reason === 'AlreadyExists') {
      const other = api.get(setResource, set.metadata.namespace, set.metadata.name)
      if (other !== undefined && sameTemplate(other.spec.template, set.spec.template)) return error
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
      await this.#mutateStatus(deployment, (status) => ({ ...status, collisionCount }))
      return error
    }
    const message = `Failed to create new replica set "${set.metadata.name}": ${error.message}`
    if (hasDeadline(deployment)) {
      await this.#setProgressing(deployment, { status: 'False', reason: 'ReplicaSetCreateError', message })
    }
    this.#recorder.record(deployment, 'Warning', 'ReplicaSetCreateError', message)
    return error
  }

  async #writeRevision(deployment: KubeObject, newest: KubeObject): Promise<KubeObject> {
    const revision = newest.metadata.annotations?.[revisionAnnotation] ?? ''
    if (deployment.metadata.annotations?.[revisionAnnotation] === revision) return deployment
    const written = await this.#context.api.mutate(
      resource,
      deployment.metadata.namespace,
      deployment.metadata.name,
      ({ metadata }) => void (metadata.annotations = { ...metadata.annotations, [revisionAnnotation]: revision }),
      { manager },
    )
    return written ?? deployment
  }

  async #cleanUp(deployment: KubeObject, all: readonly KubeObject[]): Promise<void> {
    const limit: number = deployment.spec.revisionHistoryLimit ?? 10
    const newest = newReplicaSet(deployment, all)
    const idle = all
      .filter((set) => set.metadata.uid !== newest?.metadata.uid && set.metadata.deletionTimestamp === undefined)
      .sort((a, b) => revisionOf(a) - revisionOf(b))
    for (const set of idle.slice(0, Math.max(0, idle.length - limit))) {
      const { status, spec, metadata } = set
      if (
        (status?.replicas ?? 0) > 0 ||
        spec.replicas > 0 ||
        (metadata.generation ?? 0) > (status?.observedGeneration ?? 0)
      )
        continue
      await this.#context.api.delete(setResource, metadata.namespace, metadata.name, { uid: metadata.uid, manager })
    }
  }

  async #pausedCondition(deployment: KubeObject): Promise<void> {
    if (!hasDeadline(deployment)) return
    const condition = (deployment.status?.conditions ?? []).find(({ type }: { type: string }) => type === 'Progressing')
    if (condition?.reason === 'ProgressDeadlineExceeded') return
    const paused = condition?.reason === 'DeploymentPaused'
    if (deployment.spec.paused === true && !paused) {
      await this.#setProgressing(deployment, {
        status: 'Unknown',
        reason: 'DeploymentPaused',
        message: 'Deployment is paused',
      })
    } else if (!deployment.spec.paused && paused) {
      await this.#setProgressing(deployment, {
        status: 'Unknown',
        reason: 'DeploymentResumed',
        message: 'Deployment is resumed',
      })
    }
  }

  #setProgressing(
    deployment: KubeObject,
    condition: { status: string; reason: string; message: string },
  ): Promise<KubeObject> {
    const { clock } = this.#context
    return this.#mutateStatus(deployment, (status) => ({
      ...status,
      conditions: withCondition(
        clock,
        status?.conditions ?? [],
        { type: 'Progressing', ...condition },
        { updateTime: true },
      ),
    }))
  }

  async #writeStatus(deployment: KubeObject, status: KubeObject['status']): Promise<void> {
    await this.#mutateStatus(deployment, () => status)
  }

  async #mutateStatus(
    deployment: KubeObject,
    change: (status: KubeObject['status']) => KubeObject['status'],
  ): Promise<KubeObject> {
    const { namespace, name, uid } = deployment.metadata
    const written = await this.#context.api.mutate(
      resource,
      namespace,
      name,
      (current) => {
        const status = change(current.status)
        if (current.metadata.uid !== uid || JSON.stringify(current.status) === JSON.stringify(status)) return false
        current.status = status
      },
      { subresource: 'status', manager },
    )
    return written ?? deployment
  }
}

function withoutUpdated(status: KubeObject['status']): KubeObject['status'] {
  const { updatedReplicas: _of, ...rest } = status ?? {}
  return rest
}

// The API fills these in.
const unborn = { uid: '', resourceVersion: '', creationTimestamp: '' }

function rolloutOf(deployment: KubeObject, all: readonly KubeObject[]): Rollout {
  return { deployment, all, newest: newReplicaSet(deployment, all) }
}
