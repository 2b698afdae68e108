import path from 'node:path'
import { defineConfig } from 'vitest/config'

/** Tests on real clusters: `npm run test:kind`. They need a container engine, kind and a node image, and say so where one is missing. */
export default defineConfig({
  root: path.resolve(import.meta.dirname, '../..'),
  test: {
    include: ['test/kind/**/*.test.ts'],
    pool: 'forks',
    // Clusters start on the same two processors: one file after another.
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    globalSetup: ['test/kind/support/engine.ts', 'test/setup/build.ts'],
  },
})
