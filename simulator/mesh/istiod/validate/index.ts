import type { KubeObject, NewObject } from '../../../kubernetes/index.ts'
import { validateAuthorizationPolicy } from './authorization-policy.ts'
import { validateDestinationRule } from './destination-rule.ts'
import { validateEnvoyFilter } from './envoy-filter.ts'
import { Findings } from './findings.ts'
import { validateGateway } from './gateway.ts'
import { validateRequestAuthentication } from './request-authentication.ts'
import { validateServiceEntry, validateWorkloadEntry, validateWorkloadGroup } from './service-entry.ts'
import { validateSidecar } from './sidecar.ts'
import { validateTelemetry } from './telemetry.ts'
import { validateVirtualService } from './virtual-service.ts'

export interface ConfigValidation {
  errors: readonly string[]
  warnings: readonly string[]
  /** All errors in istiod's form; undefined when the object is valid. */
  message: string | undefined
}

type Validate = (spec: KubeObject[string], findings: Findings, name: { name: string; namespace: string }) => void

/** Kinds that istiod looks at; of the others the schema says everything. */
const validators: Readonly<Record<string, Validate>> = {
  VirtualService: validateVirtualService,
  DestinationRule: validateDestinationRule,
  Gateway: validateGateway,
  ServiceEntry: validateServiceEntry,
  Sidecar: validateSidecar,
  WorkloadEntry: validateWorkloadEntry,
  WorkloadGroup: validateWorkloadGroup,
  EnvoyFilter: validateEnvoyFilter,
  AuthorizationPolicy: validateAuthorizationPolicy,
  RequestAuthentication: validateRequestAuthentication,
  Telemetry: validateTelemetry,
}

const istioGroup = /^(?:networking|security|telemetry|extensions)\.istio\.io\//

/** What istiod says of an object that its schema has accepted: the webhook of the cluster and `istioctl` ask the same. */
export function validateConfig(object: NewObject): ConfigValidation {
  const findings = new Findings()
  const validate = istioGroup.test(object.apiVersion) ? validators[object.kind] : undefined
  const { name = '', namespace = 'default' } = object.metadata
  validate?.(object['spec'] ?? {}, findings, { name, namespace })
  const { errors, message, warnings } = findings
  return { errors, message, warnings }
}
