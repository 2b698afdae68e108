import { goHttpbin, pythonHttpbin } from './httpbin.ts'
import { nginx } from './nginx.ts'
import type { Image } from './program.ts'
import { toolbox } from './toolbox.ts'

/** What busybox has no applet for. */
const noExtras = ['bash', 'curl', 'dig', 'host', 'jq']
const debianBase = ['curl', 'wget', 'nslookup', 'dig', 'host', 'nc', 'ping', 'ip']

/** Images by repository, without registry and tag. */
const images: Readonly<Record<string, Image>> = {
  'kennethreitz/httpbin': pythonHttpbin,
  'mccutchen/go-httpbin': goHttpbin,
  nginx,
  'curlimages/curl': toolbox({
    command: ['curl', '--help'],
    entrypoint: 'curl',
    lacks: ['bash', 'dig', 'host', 'jq'],
    userId: 100,
  }),
  busybox: toolbox({ command: ['sh'], lacks: noExtras }),
  alpine: toolbox({ command: ['sh'], lacks: noExtras }),
  ubuntu: toolbox({ command: ['bash'], lacks: debianBase }),
  debian: toolbox({ command: ['bash'], lacks: debianBase }),
}

/** What an image does, whatever registry and tag it is named with; undefined when there is no such image. */
export function findImage(image: string): Image | undefined {
  const repository = repositoryOf(image)
  return images[repository] ?? images[repository.replace(/^library\//, '')]
}

/** `docker.io/library/nginx:1.29@sha256:…` is `library/nginx`. */
export function repositoryOf(image: string): string {
  const bare = image.replace(/@sha256:.*$/, '').replace(/:[^/:]*$/, '')
  const [first = '', ...rest] = bare.split('/')
  const isRegistry = rest.length > 0 && /[.:]|^localhost$/.test(first)
  return isRegistry ? rest.join('/') : bare
}
