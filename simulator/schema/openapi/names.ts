const packages: Record<string, string> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  runtime: 'io.k8s.apimachinery.pkg.runtime',
  intstr: 'io.k8s.apimachinery.pkg.util.intstr',
  version: 'io.k8s.apimachinery.pkg.version',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
}

/** The published name of a type: `core.v1.Pod` -> `io.k8s.api.core.v1.Pod`. */
export function fullName(name: string): string {
  if (name === 'resource.Quantity') return 'io.k8s.apimachinery.pkg.api.resource.Quantity'
  const [first = '', ...rest] = name.split('.')
  return [packages[first] ?? `io.k8s.api.${first}`, ...rest].join('.')
}
