import { defineConfig } from 'vitest/config'

const rooms = '{labs,verifiers,server,client,simulator,cli,protocol,bench,test,build}/**/*.test.{ts,tsx}'
/** Whole pages in a real browser: one file at a time, after the others, so that each has the machine to itself. */
const pages = 'test/e2e/**/*.test.ts'

/** Real clusters: with an engine, by `npm run test:kind`. */
const kind = 'test/kind/**'

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    globalSetup: ['test/setup/build.ts', 'test/setup/tools.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: [rooms],
          exclude: [pages, kind, '**/node_modules/**'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'pages', include: [pages], maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
})
