import type { NewObject } from '../../../kubernetes/index.ts'
import { customResourceDefinitions } from './crds.ts'
import { objectLabels } from './labels.ts'
import type { InstallSettings } from './settings.ts'

/** Custom resources and what every revision shares ("Istio core"). */
export function baseObjects(settings: InstallSettings): NewObject[] {
  const crdLabels = objectLabels(settings, { component: 'Base', chart: 'base' })
  const readerLabels = objectLabels(settings, {
    component: 'Base',
    chart: 'base',
    name: 'istio-reader',
    app: 'istio-reader',
  })
  return [
    ...customResourceDefinitions().map((crd) => ({ ...crd, metadata: { ...crd.metadata, labels: crdLabels } })),
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'istio-reader-service-account', namespace: settings.namespace, labels: readerLabels },
    },
  ]
}
