#!/usr/bin/env node
// Starts the command from dist/. In a checkout, dist/ is made first when the sources are newer.
import { existsSync } from 'node:fs'

const builder = new URL('../build/build.mjs', import.meta.url)
if (existsSync(builder)) {
  const { build } = await import(builder.href)
  await build({ quiet: true })
}
const { main } = await import('../dist/labwright.js')
process.exitCode = await main(process.argv.slice(2))
