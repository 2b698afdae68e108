/** A kubeconfig with one cluster, user and context, all called `labwright`. JSON is YAML too, but people read this. */
export function kubeconfig({
  server,
  certificateAuthority,
  token,
}: {
  server: string
  certificateAuthority: string
  token: string
}): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: labwright
  cluster:
    server: ${server}
    certificate-authority-data: ${Buffer.from(certificateAuthority).toString('base64')}
users:
- name: labwright
  user:
    token: ${token}
contexts:
- name: labwright
  context:
    cluster: labwright
    user: labwright
current-context: labwright
`
}
