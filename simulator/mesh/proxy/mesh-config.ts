import { parse } from 'yaml'
import type { KubeObject } from '../../kubernetes/index.ts'

/** What a proxy takes from MeshConfig (ConfigMap `istio`, key `mesh`). */
export interface MeshConfig {
  /** Empty: no access log. */
  accessLogFile: string
  accessLogEncoding: 'TEXT' | 'JSON'
  outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY'
  rootNamespace: string
  enableAutoMtls: boolean
}

const DEFAULTS: MeshConfig = {
  accessLogFile: '',
  accessLogEncoding: 'TEXT',
  outboundTrafficPolicy: 'ALLOW_ANY',
  rootNamespace: 'istio-system',
  enableAutoMtls: true,
}

interface RawMeshConfig {
  accessLogFile?: string
  accessLogEncoding?: string
  outboundTrafficPolicy?: { mode?: string }
  rootNamespace?: string
  enableAutoMtls?: boolean
}

/** Reads the ConfigMap; istiod keeps its defaults where the text cannot be read. */
export function readMeshConfig(configMap: KubeObject | undefined): MeshConfig {
  const text: unknown = configMap?.data?.mesh
  if (typeof text !== 'string') return DEFAULTS
  let raw: RawMeshConfig | null
  try {
    raw = parse(text) as RawMeshConfig | null
  } catch {
    return DEFAULTS
  }
  if (raw === null || typeof raw !== 'object') return DEFAULTS
  return {
    accessLogFile: raw.accessLogFile ?? DEFAULTS.accessLogFile,
    accessLogEncoding: raw.accessLogEncoding === 'JSON' ? 'JSON' : 'TEXT',
    outboundTrafficPolicy: raw.outboundTrafficPolicy?.mode === 'REGISTRY_ONLY' ? 'REGISTRY_ONLY' : 'ALLOW_ANY',
    rootNamespace: raw.rootNamespace ?? DEFAULTS.rootNamespace,
    enableAutoMtls: raw.enableAutoMtls ?? DEFAULTS.enableAutoMtls,
  }
}
