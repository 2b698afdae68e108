// Runs the benchmarks: `npm run bench -- [--json] [--only WORD] [--runs N]`, or those of real clusters: `npm run bench:kind`. TypeScript is loaded through Vite, as the tests do.
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
  const [first, ...rest] = process.argv.slice(2)
  const isKind = first === 'kind'
  const { main } = await server.ssrLoadModule(isKind ? '/bench/kind/main.ts' : '/bench/main.ts')
  process.exitCode = await main(isKind ? rest : process.argv.slice(2))
} finally {
  await server.close()
}
