import { expect, test } from 'vitest'
import { findImage } from './images.ts'

const digest = `sha256:${'a'.repeat(64)}`

test.each([
  ['nginx', true],
  ['nginx:latest', true],
  ['nginx:1.29', true],
  ['nginx:1.29.1-alpine3.22', true],
  ['nginx:alpine', true],
  ['nginx:stable-alpine', true],
  ['docker.io/library/nginx:1.29', true],
  ['registry.k8s.io/echoserver:v1.10', true],
  ['localhost:5000/nginx', true],
  [`nginx@${digest}`, true],
  [`nginx:whatever@${digest}`, true],
  ['debian:trixie-slim', true],
  ['nginx:doesnotexist99', false],
  ['nginx:v', false],
  ['nginx:latestt', false],
  ['unheard-of/thing:1.0', false],
])('the image %s is there: %s', (image, there) => expect(findImage(image) !== undefined).toBe(there))
