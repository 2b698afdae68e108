import type { ITheme } from '@xterm/xterm'

/** The terminal is dark in both themes, as `--term` in tokens.css; every colour reads at 4.5:1 or better on it. */
export const terminalTheme: ITheme = {
  background: '#13161d',
  foreground: '#dcdfe4',
  cursor: '#dcdfe4',
  cursorAccent: '#13161d',
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
