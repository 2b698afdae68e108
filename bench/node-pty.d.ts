/** The package's own declarations are not a module; this is the part that the reference relay uses. */
declare module 'node-pty' {
  export interface Pty {
    onData(listener: (data: Buffer) => void): void
    write(data: string): void
    kill(signal?: string): void
  }
  export function spawn(
    file: string,
    args: string[],
    options: { name: string; cols: number; rows: number; encoding: null },
  ): Pty
}
