import { createApi } from '../../cluster.ts'
import { ManualClock, seededRandom, type KubeObject } from '../../kubernetes/index.ts'
import { nodeFixture } from '../../node/testing/fixture.ts'
import { createScheduler } from '../../scheduler/index.ts'
import { startControllers } from '../index.ts'

/**
 * A whole small cluster, its clock turned by hand, with the namespace `lab`. The API is the real one, only that nothing is admitted or
 * refused by plugins: what controllers write must pass the validation that everyone's objects pass.
 */
export async function clusterFixture() {
  const clock = new ManualClock()
  const { api } = await createApi({ clock, admission: () => [] })
  const fixture = nodeFixture({ clock, api })
  const { errors } = fixture
  const context = { api, clock, random: seededRandom(3), report: (error: unknown) => void errors.push(error) }
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'lab' } })
  createScheduler(context)
  startControllers({ ...context, caCertificate: 'CA' })
  await clock.advance(10)
  return {
    ...fixture,
    get: (resource: string, name: string): KubeObject => {
      const object = api.get(resource, 'lab', name)
      if (object === undefined) throw new Error(`no ${resource} ${name}`)
      return object
    },
    names: (resource: string) => api.list(resource, { namespace: 'lab' }).map(({ metadata }) => metadata.name),
  }
}

/** A Deployment of one container, labelled by its name. */
export function deployment(name: string, image: string, replicas = 1, container: object = {}) {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'lab', labels },
    spec: {
      replicas,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name, image, ...container }] } },
    },
  }
}
