import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const css = readFileSync(new URL('tokens.css', import.meta.url), 'utf8')
const blocks = [...css.matchAll(/:root([^{]*)\{([^}]*)\}/g)].map(
  ([, selector = '', body = '']) =>
    [
      selector.trim(),
      new Map([...body.matchAll(/--([\w-]+): ([^;]+);/g)].map(([, name, value]) => [name, value])),
    ] as const,
)
const light = blocks[0]?.[1] ?? new Map()
const systemDark = blocks.find(([selector]) => selector.includes('not'))?.[1] ?? new Map()
const chosenDark = blocks.find(([selector]) => selector === "[data-theme='dark']")?.[1] ?? new Map()

/** Linear sRGB of `oklch(L% C H)` (CSS Color 4) or `#rrggbb`. */
function linear(colour: string): number[] {
  const hex = /^#(..)(..)(..)$/.exec(colour)
  if (hex !== null)
    return hex.slice(1).map((part) => {
      const value = Number.parseInt(part, 16) / 255
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    })
  const [l = 0, c = 0, h = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number)
  const [a, b] = [c * Math.cos((h * Math.PI) / 180), c * Math.sin((h * Math.PI) / 180)]
  const lightness = l / 100
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
  ].map((value) => Math.max(0, Math.min(1, value)))
}

function contrast(one: string, other: string): number {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [dark = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (bright + 0.05) / (dark + 0.05)
}

/** Text on its grounds: 4.5 (WCAG AA); shapes that carry a state: 3. */
const pairs: [string, string[], number][] = [
  ['ink', ['paper', 'desk', 'unmet-bg', 'met-bg', 'broken-bg'], 4.5],
  ['soft', ['paper', 'desk'], 4.5],
  ['accent', ['paper', 'desk'], 4.5],
  ['accent-ink', ['accent'], 4.5],
  ['met', ['paper', 'met-bg', 'unmet-bg'], 4.5],
  ['unmet-ink', ['paper', 'unmet-bg', 'met-bg'], 4.5],
  ['bad', ['paper', 'bad-bg'], 4.5],
  ['code-keyword', ['desk'], 4.5],
  ['code-string', ['desk'], 4.5],
  ['code-number', ['desk'], 4.5],
  ['code-comment', ['desk'], 4.5],
  ['term-ink', ['term'], 4.5],
  ['unmet', ['paper', 'unmet-bg'], 3],
  ['broken', ['paper', 'broken-bg'], 3],
]

describe.each([
  ['light', light],
  ['dark', new Map([...light, ...chosenDark])],
])('%s', (_, tokens) => {
  const cases = pairs.flatMap(([text, grounds, least]) => grounds.map((ground) => [text, ground, least] as const))
  test.each(cases)('%s on %s has a contrast of at least %d', (text, ground, least) => {
    expect(contrast(tokens.get(text) ?? '', tokens.get(ground) ?? '')).toBeGreaterThanOrEqual(least)
  })
})

test("the chosen dark theme is the system's dark theme", () => {
  expect(chosenDark.size).toBeGreaterThan(10)
  expect([...chosenDark]).toEqual([...systemDark])
})
