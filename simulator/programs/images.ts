import { details } from './bookinfo/details.ts'
import { productpage } from './bookinfo/productpage.ts'
import { ratings } from './bookinfo/ratings.ts'
import { reviews } from './bookinfo/reviews.ts'
import { agnhost, echoServer, httpEcho, whoami } from './echo.ts'
import { fortio } from './fortio.ts'
import { goHttpbin, pythonHttpbin } from './httpbin.ts'
import { nginx } from './nginx.ts'
import { flaky, payments } from './practice.ts'
import type { Image } from './program.ts'
import { redis } from './redis.ts'
import { told } from './server.ts'
import { toolbox } from './toolbox.ts'

/** What busybox has no applet for. */
const noApplet = ['bash', 'curl', 'dig', 'host', 'jq', 'getent']
/** What Debian's and Ubuntu's bare images lack. */
const bareDebian = ['curl', 'wget', 'nslookup', 'dig', 'host', 'nc', 'ping', 'ip', 'ps', 'jq']

const pause: Image = {
  program: ({ signal }) => told(signal).then(() => 0),
  usage: { idleMilliCpu: 0, milliCpuPerRequestPerSecond: 0, memoryBytes: 2 ** 19 },
  shell: false,
  userId: 65_535,
}

/** Images by repository, without registry and tag. */
const images: Readonly<Record<string, Image>> = {
  'kennethreitz/httpbin': pythonHttpbin,
  'istio/httpbin': pythonHttpbin,
  'mccutchen/go-httpbin': goHttpbin,
  nginx,
  'nginxinc/nginx-unprivileged': nginx,
  'curlimages/curl': toolbox({
    command: ['curl', '--help'],
    entrypoint: 'curl',
    lacks: ['bash', 'dig', 'host', 'jq'],
    userId: 100,
  }),
  'curl/curl': toolbox({
    command: ['curl', '--help'],
    entrypoint: 'curl',
    lacks: ['bash', 'dig', 'host', 'jq'],
    userId: 100,
  }),
  'governmentpaas/curl-ssl': toolbox({ command: ['sh'], lacks: ['bash'] }),
  busybox: toolbox({ command: ['sh'], lacks: noApplet }),
  alpine: toolbox({ command: ['sh'], lacks: noApplet }),
  ubuntu: toolbox({ command: ['bash'], lacks: bareDebian }),
  debian: toolbox({ command: ['bash'], lacks: bareDebian }),
  'nicolaka/netshoot': toolbox({ command: ['bash'] }),
  'tutum/dnsutils': toolbox({ command: ['bash'] }),
  'labwright/toolbox': toolbox({ command: ['sleep', 'infinity'] }),
  'labwright/payments': payments,
  'labwright/flaky': flaky,
  'istio/examples-bookinfo-productpage-v1': productpage,
  'istio/examples-bookinfo-details-v1': details,
  'istio/examples-bookinfo-ratings-v1': ratings,
  'istio/examples-bookinfo-reviews-v1': reviews('v1'),
  'istio/examples-bookinfo-reviews-v2': reviews('v2'),
  'istio/examples-bookinfo-reviews-v3': reviews('v3'),
  redis,
  'fortio/fortio': fortio,
  'istio/fortio': fortio,
  'hashicorp/http-echo': httpEcho,
  'ealen/echo-server': echoServer,
  'kicbase/echo-server': echoServer,
  'jmalloc/echo-server': echoServer,
  'mendhak/http-https-echo': echoServer,
  echoserver: echoServer,
  'google_containers/echoserver': echoServer,
  'traefik/whoami': whoami,
  'e2e-test-images/agnhost': agnhost,
  pause,
  'google_containers/pause': pause,
}

/** Every image that has a program, without registry and tag. */
export const repositories: readonly string[] = Object.keys(images)

/** Words that registries use for tags beside versions: channels, variants and the names of distributions' releases. */
const words =
  'latest|stable|mainline|edge|main|master|release|alpine|slim|perl|otel|musl|glibc|uclibc|rolling|devel|unstable|testing|oldstable|' +
  'bullseye|bookworm|trixie|focal|jammy|noble|distroless'
const knownTag = new RegExp(`^(v?\\d+(\\.\\d+)*([._-].*)?|(${words})(-.*)?)$`)

/** What an image does, whatever registry it is named with; undefined when there is no such image, or no such tag of it. */
export function findImage(image: string): Image | undefined {
  const repository = repositoryOf(image).replace(/^library\//, '')
  return Object.hasOwn(images, repository) && hasTag(image) ? images[repository] : undefined
}

/** Nobody knows which tags a registry has: one that looks like a version or is a usual word is taken to be there, as is any digest. */
function hasTag(image: string): boolean {
  if (image.includes('@')) return true
  const tag = /:([^/:]*)$/.exec(image)?.[1]
  return tag === undefined || knownTag.test(tag)
}

/** `docker.io/library/nginx:1.29@sha256:…` is `library/nginx`. */
export function repositoryOf(image: string): string {
  const bare = image.replace(/@sha256:.*$/, '').replace(/:[^/:]*$/, '')
  const [first = '', ...rest] = bare.split('/')
  const isRegistry = rest.length > 0 && /[.:]|^localhost$/.test(first)
  return isRegistry ? rest.join('/') : bare
}
