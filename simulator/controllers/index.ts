import { autoscalerController } from './autoscaler.ts'
import { together, type Controller, type ControllerContext } from './controller.ts'
import { cronJobController } from './cronjob.ts'
import { daemonSetController } from './daemonset.ts'
import { jobController } from './job.ts'
import { statefulSetController } from './statefulset.ts'
import { deploymentController } from './deployment.ts'
import { disruptionBudgetController } from './disruption-budget.ts'
import { endpointsController } from './endpoints.ts'
import { eventExpiry } from './event-expiry.ts'
import { garbageCollector } from './garbage.ts'
import { namespaceController } from './namespace.ts'
import { replicaSetController } from './replicaset.ts'
import { resourceQuotaController } from './resource-quota.ts'
import { serviceAccountController } from './service-account.ts'
import { taintEvictionController } from './taint-eviction.ts'
import { volumeClaimController } from './volume-claims.ts'

export type { ControllerContext } from './controller.ts'
export { namespaceUsage, quotaAmount, quotaName, quotaUsageOf } from './quota-usage.ts'

export interface ControllersOptions extends ControllerContext {
  /** PEM of the CA that signed the API server's certificate: becomes ConfigMap `kube-root-ca.crt`. */
  caCertificate: string
}

/** Starts everything that makes objects behave, but for the scheduler and the node. */
export function startControllers({ caCertificate, ...context }: ControllersOptions): Disposable {
  const controllers: Controller[] = [
    serviceAccountController(caCertificate),
    garbageCollector,
    namespaceController,
    deploymentController,
    replicaSetController,
    cronJobController,
    daemonSetController,
    jobController,
    statefulSetController,
    endpointsController,
    volumeClaimController,
    resourceQuotaController,
    disruptionBudgetController,
    autoscalerController,
    taintEvictionController,
    eventExpiry,
  ]
  return together(controllers.map((start) => start(context)))
}
