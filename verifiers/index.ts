import type { Verifier } from './context.ts'
import { deniedByDefault } from './istio/denied-by-default.ts'
import { headerRouted } from './istio/header-routed.ts'
import { injectionOn } from './istio/injection-on.ts'
import { installed } from './istio/installed.ts'
import { onlyAllowed } from './istio/only-allowed.ts'
import { outlierEjected } from './istio/outlier-ejected.ts'
import { overloadShed } from './istio/overload-shed.ts'
import { plaintextRefused } from './istio/plaintext-refused.ts'
import { podsWithProxy, podsWithoutProxy } from './istio/pods-with-proxy.ts'
import { proxyResources } from './istio/proxy-resources.ts'
import { weightedSplit } from './istio/weighted-split.ts'
import { namespaceCreated } from './kubernetes/namespace-created.ts'
import { namespacesDeleted } from './kubernetes/namespaces-deleted.ts'

const all: readonly Verifier[] = [
  deniedByDefault,
  headerRouted,
  injectionOn,
  installed,
  namespaceCreated,
  namespacesDeleted,
  onlyAllowed,
  outlierEjected,
  overloadShed,
  plaintextRefused,
  podsWithProxy,
  podsWithoutProxy,
  proxyResources,
  weightedSplit,
]

/** Every verifier by the name that labs write. */
export const verifiers: ReadonlyMap<string, Verifier> = new Map(all.map((verifier) => [verifier.name, verifier]))
