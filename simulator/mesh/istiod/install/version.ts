/** The Istio that this cluster stands for. */
export const istioVersion = '1.31.0'
export const istioRevision = 'eed52ebb66ad'
export const istioHub = 'docker.io/istio'
