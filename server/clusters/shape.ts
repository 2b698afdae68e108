import type { Cluster, CreateOptions } from './provider.ts'

/** What a cluster has to be before somebody claims it. */
export interface Shape {
  /** Clusters of one key are the same to whoever claims one, and the content that went into them is. Lower-case letters and digits. */
  key: string
  options: CreateOptions
  /** What is done to a spare before it waits. It may be done again. */
  prepare?(this: void, cluster: Cluster, signal: AbortSignal, log?: (line: string) => void): Promise<void>
}

/** Spares of a shape that are wanted. */
export interface Wanted {
  shape: Shape
  size: number
}

export const BARE: Shape = { key: 'bare', options: {} }
