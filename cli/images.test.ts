import { execFile } from 'node:child_process'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imagesOfLab, withTag } from '../server/lessons/index.ts'

const root = path.resolve(import.meta.dirname, '..')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-images-'))
  await mkdir(path.join(folder, 'no-programs'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs `labwright images ARGS` where `docker` is this script, or nothing at all. */
async function images(args: string[], docker?: string): Promise<{ code: unknown; out: string; err: string }> {
  const bin = await mkdtemp(path.join(folder, 'bin-'))
  if (docker !== undefined) await writeFile(path.join(bin, 'docker'), `#!/bin/sh\n${docker}\n`, { mode: 0o755 })
  const given = args.map((word) => word.replace('FOLDER', folder))
  const env = { ...process.env, PATH: bin }
  return new Promise((resolve) =>
    execFile(process.execPath, [path.join(root, 'cli/bin.mjs'), 'images', ...given], { env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    ),
  )
}

const running = 'case "$1" in version) echo 28.0;; '
const failing = (words: string): string => `echo "${words}" >&2; exit 1`

describe('labwright images', () => {
  it('lists what the labs name, without an engine', async () => {
    const { code, out, err } = await images(['list'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^docker\.io\/kennethreitz\/httpbin +a program of Labwright$/m)
    expect(out).toMatch(/^labwright\/payments:1 +a program of Labwright$/m)
  })

  it('lists images of others as what they are', async () => {
    const lab = path.join(folder, 'lab')
    await mkdir(path.join(lab, 'steps'), { recursive: true })
    await writeFile(path.join(lab, 'lab.yaml'), '')
    await writeFile(path.join(lab, 'steps/1.md'), '```bash\nkubectl run x --image=grafana/grafana:12.0\n```{{exec}}\n')
    expect((await images(['list', 'FOLDER/lab'])).out).toMatch(
      /^grafana\/grafana:12\.0 +not of Labwright: its maker has it$/m,
    )
  })

  it.each<[string[], string | undefined, number, RegExp]>([
    [[], undefined, 2, /"" is none of list, build, save, load.*\[BAD_OPTION\]/],
    [['bogus'], undefined, 2, /"bogus" is none of .*\[BAD_OPTION\]/],
    [['build', '--offline', '--base', 'x'], undefined, 2, /--base is one too many.*\[BAD_OPTION\]/],
    [['list', '--offline'], undefined, 2, /images list takes no base.*\[BAD_OPTION\]/],
    [['save'], undefined, 2, /The file to write is missing.*\[BAD_OPTION\]/],
    [['load'], undefined, 2, /The file to read is missing.*\[BAD_OPTION\]/],
    [['load', 'a', 'b'], undefined, 2, /"b" is one word too many.*\[BAD_OPTION\]/],
    [['list', 'FOLDER/none'], undefined, 1, /There is no lab "none".*\[LAB_NOT_FOUND\]/],
    [['build'], undefined, 1, /no "docker" on the PATH.*\[ENGINE_MISSING\]/],
    [['load', 'x'], undefined, 1, /\[ENGINE_MISSING\]/],
    [
      ['build'],
      failing('Cannot connect to the Docker daemon at tcp://x.'),
      1,
      /Cannot connect to the Docker daemon at tcp:\/\/x\..*\[ENGINE_UNREACHABLE\]/,
    ],
    [['save', 'FOLDER/none/x'], undefined, 1, /cannot be written: its folder is not there.*\[FILE_NOT_WRITABLE\]/],
    [
      ['save', 'FOLDER/x'],
      `${running} *) exit 1;; esac`,
      1,
      /no image docker\.io\/.*labwright images build.*\[IMAGES_MISSING\]/,
    ],
    [
      ['save', 'FOLDER/x'],
      `${running} image) case "$5" in kindest/*) exit 1;; esac;; esac`,
      1,
      /no node image kindest.*\[NODE_IMAGE_MISSING\]/,
    ],
    [
      ['load', 'x'],
      `${running} load) ${failing('open x: no such file or directory')};; esac`,
      1,
      /could not load x: open x: no such file or directory\. \[ENGINE_REFUSED\]/,
    ],
    [['build', '--offline'], `${running} esac`, 1, /No base could be put together.*\[BASE_NOT_MADE\]/],
  ])('%j is refused in one sentence', async (args, docker, code, words) => {
    const ended = await images(args, docker)
    expect(ended).toEqual({ code, out: '', err: expect.stringMatching(words) })
    expect(ended.err.trim().split('\n')).toHaveLength(1)
  })
})

describe('the images that a lab names', () => {
  it('are found in manifests, lessons and commands, each once', async () => {
    const lab = path.join(folder, 'named')
    await mkdir(path.join(lab, 'steps'), { recursive: true })
    await writeFile(path.join(lab, 'lab.yaml'), 'summary: a prose of image: words\n')
    await writeFile(
      path.join(lab, 'steps/1.md'),
      "- { name: a, image: 'host:5000/a/b:1@sha256:0f' }\n  image: c\nkubectl run d --image d:2 --image=c\n",
    )
    expect(await imagesOfLab(lab)).toEqual(['c', 'd:2', 'host:5000/a/b:1@sha256:0f'])
  })

  it.each([
    ['nginx', 'nginx:latest'],
    ['nginx:1', 'nginx:1'],
    ['host:5000/nginx', 'host:5000/nginx:latest'],
    ['nginx@sha256:0f', 'nginx@sha256:0f'],
  ])('%s is tagged %s', (image, tagged) => expect(withTag(image)).toBe(tagged))
})
