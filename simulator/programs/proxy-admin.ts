import type { KubeObject } from '../kubernetes/index.ts'

/** What the proxy's program asks of the mesh about its own pod; the mesh answers, for it is above this room. */
export interface ProxyAdmin {
  /** Whether a control plane is there to give a proxy its configuration. */
  isConfigured(): boolean
  /** Lines of this pod's access log. */
  onAccessLog(pod: KubeObject, listener: (line: string) => void): Disposable
  /** `/stats` of Envoy's admin interface: `name: value` lines. */
  stats(pod: KubeObject): string
  /** `/stats/prometheus`. */
  prometheus(pod: KubeObject): string
  /** `/clusters`: `cluster::address::key::value` lines. */
  clusters(pod: KubeObject): string
  /** `/certs` as Envoy writes it. */
  certificates(pod: KubeObject): unknown
  /** `/config_dump`; endpoints only when asked for. */
  configDump(pod: KubeObject, options: { endpoints: boolean }): unknown
}
