import type { KubeObject } from '../kubernetes/index.ts'
import type { Image } from '../programs/index.ts'
import { BackOff } from './back-off.ts'
import type { NodeContext } from './contract.ts'
import { canonicalImage, isImageName, pullFailure } from './image-name.ts'
import { sleep } from './sleep.ts'

export interface PullRequest {
  node: NodeContext
  pod: KubeObject
  container: KubeObject['spec']
  fieldPath: string
  /** Shown while the container waits. */
  waiting: (reason: string, message: string) => void
  signal: AbortSignal
}

const policyOf = ({ imagePullPolicy, image }: KubeObject['spec']): string =>
  imagePullPolicy ?? (canonicalImage(image).endsWith(':latest') ? 'Always' : 'IfNotPresent')

/** Brings the image to the node, however often it takes. Resolves to undefined when the signal fires first. */
export async function pullImage({
  node,
  pod,
  container,
  fieldPath,
  waiting,
  signal,
}: PullRequest): Promise<Image | undefined> {
  const { clock, random, recorder, pulled } = node
  const image: string = container.image
  const policy = policyOf(container)
  const event = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
    recorder.record(pod, type, reason, message, { fieldPath })
  const definition = node.findImage(image)

  if (definition !== undefined && pulled.has(image) && policy !== 'Always') {
    event('Normal', 'Pulled', `Container image "${image}" already present on machine`)
    return definition
  }
  const backOff = new BackOff(clock)
  for (;;) {
    if (!isImageName(image)) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`
      waiting('InvalidImageName', message)
      event('Warning', 'InspectFailed', message)
      event('Warning', 'Failed', 'Error: InvalidImageName')
    } else if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`
      waiting('ErrImageNeverPull', message)
      event('Warning', 'ErrImageNeverPull', message)
      event('Warning', 'Failed', 'Error: ErrImageNeverPull')
    } else {
      event('Normal', 'Pulling', `Pulling image "${image}"`)
      const [low, high] = node.pace.pull
      const milliseconds = pulled.has(image) ? low : low + random.below(high - low + 1)
      if (milliseconds > 0 && !(await sleep(clock, milliseconds, signal))) return undefined
      if (definition !== undefined) {
        pulled.add(image)
        const size = Math.round(definition.usage.memoryBytes * 1.3)
        const took = `${milliseconds}ms (${milliseconds}ms including waiting)`
        event('Normal', 'Pulled', `Successfully pulled image "${image}" in ${took}. Image size: ${size} bytes.`)
        return definition
      }
      const failure = `rpc error: code = NotFound desc = ${pullFailure(image)}`
      waiting('ErrImagePull', failure)
      event('Warning', 'Failed', `Failed to pull image "${image}": ${failure}`)
      event('Warning', 'Failed', 'Error: ErrImagePull')
      backOff.next()
      // The kubelet's next look at the pod finds it in back-off.
      if (!(await sleep(clock, betweenLooksMilliseconds, signal))) return undefined
      waiting('ImagePullBackOff', `Back-off pulling image "${image}": ErrImagePull: ${failure}`)
      event('Normal', 'BackOff', `Back-off pulling image "${image}"`)
      event('Warning', 'Failed', 'Error: ImagePullBackOff')
    }
    const failedAt = clock.monotonic()
    if (!(await sleep(clock, Math.max(backOff.remaining(failedAt), betweenLooksMilliseconds), signal))) return undefined
  }
}

const betweenLooksMilliseconds = 1500
