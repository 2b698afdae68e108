import { mkdirSync } from 'node:fs'
import path from 'node:path'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** Pictures for people to look at; the folder is not part of the repository. */
const pictures = path.resolve(import.meta.dirname, '../../test-output')

const THEMES = ['light', 'dark'] as const
/** A desk, a tablet held upright, a phone. */
export const SIZES = [
  { width: 1440, height: 900 },
  { width: 820, height: 1180 },
  { width: 390, height: 844 },
] as const

/** Holds what the page shows now to axe in both themes and at three widths, and takes a picture of each. */
export async function everywhere(page: Page, name: string, sizes: readonly (typeof SIZES)[number][] = SIZES) {
  mkdirSync(pictures, { recursive: true })
  const found: string[] = []
  for (const size of sizes) {
    await page.setViewportSize(size)
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await painted(page)
      const at = `${name}-${size.width}-${colorScheme}`
      await page.screenshot({ path: path.join(pictures, `${at}.png`) })
      found.push(...(await violations(page)).map((violation) => `${at}: ${violation}`))
      if (await isTooWide(page)) found.push(`${at}: the page scrolls sideways`)
    }
  }
  await page.setViewportSize(SIZES[0])
  expect(found).toEqual([])
}

/** Two frames: styles are computed and what follows the size has followed. */
function painted(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  )
}

async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate('typeof axe !== "undefined"'))) await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') }
    const result = await axe.run(document, { resultTypes: ['violations'] })
    return result.violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map((node) => `${node.html.slice(0, 160)} (${node.failureSummary})`).join('; ')}`,
    )
  })
}

function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
}
