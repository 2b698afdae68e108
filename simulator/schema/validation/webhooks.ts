import { invalid, notSupported, required, type Cause } from '../causes.ts'
import type { Tree } from '../tree.ts'
import { dnsSubdomain } from './names.ts'
import { each, oneOf, textObeys, unique } from './rules.ts'
import { checkSelector } from './selectors.ts'

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const reviewVersions = ['v1', 'v1beta1']

function checkRule(rule: Tree, path: string): Cause[] {
  const causes: Cause[] = []
  for (const name of ['apiGroups', 'apiVersions', 'resources', 'operations'])
    if (!rule[name]?.length) causes.push(required(`${path}.${name}`))
  const whole: string[] = (rule.resources ?? []).filter((name: string) => !name.includes('/'))
  if (whole.includes('*') && whole.length > 1)
    causes.push(
      invalid(
        `${path}.resources`,
        rule.resources,
        "if '*' is present, must not specify other resources without subresources",
      ),
    )
  causes.push(...each(rule.operations, `${path}.operations`, (operation, at) => oneOf(operation, at, operations)))
  if (rule.scope !== undefined) causes.push(...oneOf(rule.scope, `${path}.scope`, ['*', 'Cluster', 'Namespaced']))
  return causes
}

function checkClient({ url, service }: Tree, path: string): Cause[] {
  if ((url === undefined) === (service === undefined))
    return [required(path, 'exactly one of url or service is required')]
  if (service)
    return ['name', 'namespace']
      .filter((name) => !service[name])
      .map((name) => required(`${path}.service.${name}`, `service ${name} is required`))
  return url.startsWith('https://')
    ? []
    : [
        invalid(
          `${path}.url`,
          url.split(':')[0],
          `'https' is the only allowed URL scheme; desired format: https://host[/path]`,
        ),
      ]
}

function checkWebhook(webhook: Tree, path: string, mutating: boolean): Cause[] {
  const causes: Cause[] = []
  const name = webhook.name ?? ''
  if (name.split('.').length < 3)
    causes.push(invalid(`${path}.name`, name, 'should be a domain with at least three segments separated by dots'))
  else causes.push(...textObeys(name, `${path}.name`, dnsSubdomain))
  causes.push(...each(webhook.rules, `${path}.rules`, checkRule))
  if (webhook.failurePolicy) causes.push(...oneOf(webhook.failurePolicy, `${path}.failurePolicy`, ['Fail', 'Ignore']))
  if (webhook.matchPolicy) causes.push(...oneOf(webhook.matchPolicy, `${path}.matchPolicy`, ['Equivalent', 'Exact']))
  if (webhook.sideEffects === undefined || webhook.sideEffects === null)
    causes.push(required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun'))
  else if (!['None', 'NoneOnDryRun'].includes(webhook.sideEffects))
    causes.push(notSupported(`${path}.sideEffects`, webhook.sideEffects, ['None', 'NoneOnDryRun']))
  const { timeoutSeconds: timeout } = webhook
  if (timeout !== undefined && (timeout < 1 || timeout > 30))
    causes.push(invalid(`${path}.timeoutSeconds`, timeout, 'the timeout value must be between 1 and 30 seconds'))
  causes.push(
    ...checkSelector(webhook.namespaceSelector, `${path}.namespaceSelector`),
    ...checkSelector(webhook.objectSelector, `${path}.objectSelector`),
  )
  causes.push(...checkClient(webhook.clientConfig ?? {}, `${path}.clientConfig`))
  if (mutating && webhook.reinvocationPolicy)
    causes.push(...oneOf(webhook.reinvocationPolicy, `${path}.reinvocationPolicy`, ['IfNeeded', 'Never']))
  return causes
}

function checkReviewVersions(versions: Tree, path: string): Cause[] {
  if (!versions?.length) return [required(path, `must specify one of ${reviewVersions.join(', ')}`)]
  return versions.some((version: string) => reviewVersions.includes(version))
    ? []
    : [invalid(path, versions, `must include at least one of ${reviewVersions.join(', ')}`)]
}

export function checkWebhooks(object: Tree): Cause[] {
  const mutating = object.kind === 'MutatingWebhookConfiguration'
  return [
    ...each(object.webhooks, 'webhooks', (webhook, at) => [
      ...checkWebhook(webhook, at, mutating),
      ...checkReviewVersions(webhook.admissionReviewVersions, `${at}.admissionReviewVersions`),
    ]),
    ...unique(object.webhooks ?? [], 'webhooks', ({ name }) => name, '.name'),
  ]
}
