import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{labs,verifiers,server,client,simulator,cli,protocol,bench,test,build}/**/*.test.{ts,tsx}'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: ['test/setup/build.ts', 'test/setup/tools.ts'],
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
})
