/** Sentences of our own for what `kubectl explain` shows of the fields that learners meet. */
const types: Record<string, string> = {
  'core.v1.Pod': 'Pod is one or more containers that run together on a node and share an address and volumes.',
  'core.v1.Service': 'Service gives a set of pods one stable address and name, and spreads connections over them.',
  'core.v1.Namespace': 'Namespace is a scope for names, policies and quotas.',
  'core.v1.ConfigMap': 'ConfigMap holds configuration for pods to read, as text or bytes.',
  'core.v1.Secret': 'Secret holds sensitive data for pods to read; values in data are base64.',
  'core.v1.ServiceAccount': 'ServiceAccount is the identity that the processes of a pod have.',
  'core.v1.Node': 'Node is a machine that runs pods.',
  'core.v1.Event': 'Event tells something that happened to an object.',
  'core.v1.Container': 'Container is one process of a pod, with its image, ports, resources and probes.',
  'core.v1.PodSpec': 'PodSpec says what a pod runs and how.',
  'core.v1.Probe': 'Probe is a check that the kubelet repeats to learn whether a container is alive or ready.',
  'core.v1.ServicePort': 'ServicePort maps a port of the service to a port of its pods.',
  'apps.v1.Deployment': 'Deployment keeps a number of equal pods running and rolls out changes of their template.',
  'apps.v1.DeploymentSpec': 'DeploymentSpec says which pods are wanted, how many, and how a change is rolled out.',
  'apps.v1.ReplicaSet': 'ReplicaSet keeps a number of equal pods running.',
  'apps.v1.StatefulSet': 'StatefulSet runs pods that each have a lasting name and storage of their own.',
  'apps.v1.DaemonSet': 'DaemonSet runs one pod on every node that fits.',
  'batch.v1.Job': 'Job runs pods until enough of them have succeeded.',
  'batch.v1.CronJob': 'CronJob makes a Job at the times of a schedule.',
  'networking.v1.Ingress': 'Ingress routes HTTP requests from outside to services by host and path.',
  'networking.v1.NetworkPolicy': 'NetworkPolicy says which connections the selected pods may have.',
  'autoscaling.v2.HorizontalPodAutoscaler': 'HorizontalPodAutoscaler changes the number of replicas by measured load.',
  'policy.v1.PodDisruptionBudget': 'PodDisruptionBudget limits how many pods may be evicted at once.',
  'rbac.v1.Role': 'Role is a list of permissions inside a namespace.',
  'rbac.v1.ClusterRole': 'ClusterRole is a list of permissions in the whole cluster.',
  'rbac.v1.RoleBinding': 'RoleBinding grants a role to subjects inside a namespace.',
  'rbac.v1.ClusterRoleBinding': 'ClusterRoleBinding grants a cluster role to subjects in the whole cluster.',
  'meta.v1.ObjectMeta': 'ObjectMeta is what all objects have: name, labels, annotations, owners.',
  'apiextensions.v1.CustomResourceDefinition': 'CustomResourceDefinition adds a kind of object to the API.',
}

const everywhere: Record<string, string> = {
  apiVersion: 'Group and version of the schema that the object follows.',
  kind: 'The kind of the object.',
  metadata: 'Name, labels, annotations and other data about the object.',
  spec: 'What is wanted.',
  status: 'What was last observed; written by controllers.',
}

const fields: Record<string, string> = {
  'meta.v1.ObjectMeta.name': 'Name of the object, unique in its namespace among its kind.',
  'meta.v1.ObjectMeta.namespace': 'Namespace that the object lies in.',
  'meta.v1.ObjectMeta.labels': 'Keys and values to select objects by.',
  'meta.v1.ObjectMeta.annotations': 'Keys and values for tools; not for selection.',
  'meta.v1.ObjectMeta.ownerReferences': 'Objects that this one depends on; it goes when they are gone.',
  'meta.v1.ObjectMeta.finalizers': 'Names that must be removed before the object can be deleted for good.',
  'apps.v1.DeploymentSpec.replicas': 'Number of pods wanted. Defaults to 1.',
  'apps.v1.DeploymentSpec.selector':
    'Selects the pods of the deployment; must match the labels of the template; cannot be changed.',
  'apps.v1.DeploymentSpec.template': 'The pods to make.',
  'apps.v1.DeploymentSpec.strategy': 'How old pods are replaced by new ones.',
  'apps.v1.DeploymentSpec.minReadySeconds': 'Seconds that a new pod must be ready before it counts as available.',
  'apps.v1.DeploymentSpec.revisionHistoryLimit': 'Old ReplicaSets kept for undo. Defaults to 10.',
  'apps.v1.DeploymentSpec.progressDeadlineSeconds':
    'Seconds without progress after which a rollout counts as failed. Defaults to 600.',
  'apps.v1.DeploymentSpec.paused': 'Holds back rollouts while true.',
  'core.v1.PodSpec.containers': 'The containers of the pod; at least one.',
  'core.v1.PodSpec.initContainers': 'Containers that run one after another before the others start.',
  'core.v1.PodSpec.volumes': 'Volumes that containers may mount.',
  'core.v1.PodSpec.restartPolicy': 'When containers are started again: Always, OnFailure or Never.',
  'core.v1.PodSpec.serviceAccountName': 'The service account that the pod runs as.',
  'core.v1.PodSpec.nodeSelector': 'Labels that a node must have for the pod.',
  'core.v1.PodSpec.nodeName': 'The node that the pod is bound to; set by the scheduler.',
  'core.v1.PodSpec.terminationGracePeriodSeconds':
    'Seconds between the polite and the final signal when the pod is deleted. Defaults to 30.',
  'core.v1.Container.name': 'Name of the container, unique in the pod.',
  'core.v1.Container.image': 'Image to run.',
  'core.v1.Container.command': 'Program to run in place of the entry point of the image.',
  'core.v1.Container.args': 'Arguments of the program.',
  'core.v1.Container.env': 'Environment variables.',
  'core.v1.Container.ports': 'Ports that the container listens on; for information, and for names to refer to.',
  'core.v1.Container.resources': 'CPU and memory that the container asks for and may use.',
  'core.v1.Container.livenessProbe': 'The container is restarted when this check fails.',
  'core.v1.Container.readinessProbe': 'The pod gets no traffic from services while this check fails.',
  'core.v1.Container.startupProbe': 'Other probes wait until this check has succeeded.',
  'core.v1.Container.imagePullPolicy': 'When the image is pulled: Always, IfNotPresent or Never.',
  'core.v1.Container.volumeMounts': 'Volumes of the pod that appear in the container, and where.',
  'core.v1.ServiceSpec.selector': 'Labels of the pods behind the service.',
  'core.v1.ServiceSpec.ports': 'Ports of the service.',
  'core.v1.ServiceSpec.type': 'How the service is reached: ClusterIP, NodePort, LoadBalancer or ExternalName.',
  'core.v1.ServiceSpec.clusterIP': 'Address of the service inside the cluster; None for a headless service.',
  'core.v1.ServicePort.port': 'Port of the service.',
  'core.v1.ServicePort.targetPort': 'Port of the pods, by number or by name. Defaults to port.',
  'core.v1.ServicePort.name': 'Name of the port; required when there are several. A mesh reads the protocol from it.',
  'core.v1.ServicePort.appProtocol': 'Protocol that the port speaks, such as http or grpc.',
  'core.v1.ConfigMap.data': 'Values as text.',
  'core.v1.ConfigMap.binaryData': 'Values as base64.',
  'core.v1.Secret.data': 'Values as base64.',
  'core.v1.Secret.stringData': 'Values as text; stored in data. Never given back.',
  'core.v1.Secret.type': 'What the secret is for; some types require certain keys.',
}

export function describeType(name: string): string | undefined {
  return types[name]
}

export function describeField(owner: string, field: string): string | undefined {
  return fields[`${owner}.${field}`] ?? everywhere[field]
}
