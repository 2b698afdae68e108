import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const folder = path.dirname(fileURLToPath(import.meta.url))

export default defineConfig({
  root: folder,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: path.join(folder, '../dist/client'),
    emptyOutDir: true,
    target: 'es2023',
    // The page's policy allows nothing inline: neither scripts nor `data:` fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
