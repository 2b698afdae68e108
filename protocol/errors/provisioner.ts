import { defineErrors } from './error.ts'

/** Every error of real clusters: of the provisioner, of the container engine and of kind. */
export const provisionerError = defineErrors({
  PROVISIONER_DOWN: {
    status: 503,
    sentence: 'The process that makes clusters with kind did not start: {reason}. Its log is {log}.',
  },
  ENGINE_MISSING: {
    status: 503,
    sentence:
      'There is no "docker" on the PATH, and kind needs it. Install Docker (https://docs.docker.com/engine/install), or start with --provider simulated.',
  },
  ENGINE_UNREACHABLE: {
    status: 503,
    sentence:
      'The container engine does not answer: {reason}. Start it ("systemctl start docker"), and make sure that you may use it and that DOCKER_HOST, if it is set, names it.',
  },
  ENGINE_REFUSED: { status: 502, sentence: 'The container engine could not {what}: {reason}.' },
  KIND_MISSING: {
    status: 503,
    sentence:
      'There is no "kind" on the PATH. Install it ("go install sigs.k8s.io/kind@v0.33.0", or from https://kind.sigs.k8s.io), or start with --provider simulated.',
  },
  NODE_IMAGE_MISSING: {
    status: 503,
    sentence:
      'This machine has no node image {image}. Get it ("docker pull {image}"), or name one that is there in LABWRIGHT_NODE_IMAGE.',
  },
  IMAGE_MISSING: {
    status: 503,
    sentence:
      'This machine has no image {images}, with which the cluster should begin. Make those of labs ("labwright images build"), read them from a file ("labwright images load"), or get others ("docker pull").',
  },
  ISTIOCTL_MISSING: {
    status: 503,
    sentence:
      'Clusters with Istio in them need istioctl: {reason}. Name the file of the istioctl whose Istio they should have in LABWRIGHT_ISTIOCTL and start again, or start with --provider simulated.',
  },
  ISTIO_NOT_INSTALLED: {
    status: 502,
    sentence: 'Istio could not be installed into the cluster: {reason}. What was made of it is taken away again.',
  },
  WORKSPACE_IMAGE_MISSING: {
    status: 503,
    sentence:
      'This machine has no image {image}, where shells beside real clusters run. Make it ("labwright images build"), load it ("labwright images load"), or name one that is there in LABWRIGHT_WORKSPACE_IMAGE.',
  },
  FIREWALL_REFUSED: {
    status: 503,
    sentence:
      'Clusters could not be kept from the other services of this machine: {reason}. Use an engine that filters with iptables, or accept it with LABWRIGHT_FIREWALL=off.',
  },
  ADDRESSES_EXHAUSTED: {
    status: 503,
    sentence:
      'All {count} networks of {range} are taken, so no cluster can have one of its own. End sessions that are not in use.',
  },
  CLUSTER_STOPPED: {
    status: 503,
    sentence:
      'The cluster {reason} and was made to stand still, so that others can go on. Reset it from the menu: that makes it as the lab begins with it. Where that does not help, it is the files of the home: start over.',
  },
  CLUSTER_NOT_MADE: {
    status: 502,
    sentence: 'The cluster could not be made: {reason}. What was made of it is taken away again.',
  },
  CLUSTER_NOT_RESET: { status: 502, sentence: 'The cluster could not be set back to its start: {reason}.' },
  CLUSTER_NOT_READY: { status: 409, sentence: 'The cluster {cluster} is {intent}. Try again in a minute.' },
  PROBE_NOT_SENT: { status: 502, sentence: 'The probe could not be sent from {caller}: {reason}.' },
  SHAPE_NOT_OFFERED: {
    status: 501,
    sentence: 'Clusters made by kind cannot begin {shape} yet. Start with --provider simulated for this lab.',
  },
  ORDER_INVALID: { status: 400, sentence: 'The provisioner could not read what it was asked: {reason}.' },
})
