import type { ITheme } from '@xterm/xterm'

/** The terminal is dark in both themes; every colour reads at 4.5:1 or better on `--term` of tokens.css. */
const colours: ITheme = {
  foreground: '#dcdfe4',
  cursor: '#dcdfe4',
  selectionBackground: '#3a5378',
  black: '#2a2f3a',
  red: '#f08a80',
  green: '#7fd0a0',
  yellow: '#e3bf72',
  blue: '#8fb6f5',
  magenta: '#d0a2ec',
  cyan: '#76cbd2',
  white: '#dcdfe4',
  brightBlack: '#8b93a3',
  brightRed: '#ffa79e',
  brightGreen: '#9fe5bb',
  brightYellow: '#f3d694',
  brightBlue: '#b0ccfb',
  brightMagenta: '#e2bff6',
  brightCyan: '#9be2e8',
  brightWhite: '#ffffff',
}

/** The colours on the background that the page's theme gives the terminal. */
export function terminalTheme(): ITheme {
  const background = getComputedStyle(document.documentElement).getPropertyValue('--term').trim()
  return { ...colours, background, cursorAccent: background }
}
