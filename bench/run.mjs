// Runs the benchmarks: `npm run bench -- [--json] [--only WORD] [--runs N]`. TypeScript is loaded through Vite, as the tests do.
import { createServer } from 'vite'
import { build } from '../build/build.mjs'

await build({ quiet: true })
const server = await createServer({
  configFile: false,
  root: new URL('..', import.meta.url).pathname,
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, watch: null },
  optimizeDeps: { noDiscovery: true },
})
try {
  const { main } = await server.ssrLoadModule('/bench/main.ts')
  process.exitCode = await main(process.argv.slice(2))
} finally {
  await server.close()
}
