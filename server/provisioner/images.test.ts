import { expect, test } from 'vitest'
import * as v from 'valibot'
import { imageName } from '../../protocol/provisioner.ts'
import { nameInNode, withTag } from './images.ts'

test.each([
  ['nginx', 'docker.io/library/nginx:latest'],
  ['nginx:1.27', 'docker.io/library/nginx:1.27'],
  ['curlimages/curl', 'docker.io/curlimages/curl:latest'],
  ['labwright/payments:1', 'docker.io/labwright/payments:1'],
  ['docker.io/kennethreitz/httpbin', 'docker.io/kennethreitz/httpbin:latest'],
  ['docker.io/nginx', 'docker.io/library/nginx:latest'],
  ['index.docker.io/nginx:1', 'docker.io/library/nginx:1'],
  ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10'],
  ['localhost/app:1', 'localhost/app:1'],
  ['localhost:5000/app', 'localhost:5000/app:latest'],
  ['registry:5000/team/app:v1', 'registry:5000/team/app:v1'],
])('%s is %s in a node', (image, name) => {
  expect(nameInNode(image)).toBe(name)
  expect(v.is(imageName, image)).toBe(true)
})

test.each(['localhost:5000/app', 'nginx'])('without a tag %s means latest', (image) => {
  expect(withTag(image)).toBe(`${image}:latest`)
})

test.each([
  '',
  '-v',
  '--output=/etc/passwd',
  'a b',
  'nginx:',
  'nginx@sha256:7416a61b42b1662ca6ca89f02028ac133a309a2a30ba309614e8ec94d976dc5a',
  '/nginx',
  'nginx:1:2',
  '$(id)',
  'x'.repeat(256),
])('%j names no image', (image) => {
  expect(v.is(imageName, image)).toBe(false)
})
