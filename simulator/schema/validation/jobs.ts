import { invalid, required, type Cause } from '../causes.ts'
import { sameTree, type Tree } from '../tree.ts'
import { checkTemplate } from './pods.ts'
import { each, immutable, notNegative, oneOf } from './rules.ts'
import { checkSchedule } from './schedule.ts'

const mostIndexed = 100_000

function checkRestart(template: Tree, path: string): Cause[] {
  return ['OnFailure', 'Never'].includes(template?.spec?.restartPolicy)
    ? []
    : [required(`${path}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"')]
}

function checkFailurePolicy(policy: Tree, path: string): Cause[] {
  return each(policy?.rules, `${path}.rules`, (rule, at) =>
    each(rule.onExitCodes?.values, `${at}.onExitCodes.values`, (value, place) =>
      value === 0 && rule.onExitCodes.operator === 'In'
        ? [invalid(place, value, 'must not be 0 for the In operator')]
        : [],
    ),
  )
}

function checkJobSpec(spec: Tree, path: string): Cause[] {
  const numbers = ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished']
  const causes = numbers.flatMap((name) => notNegative(spec[name], `${path}.${name}`))
  if (spec.completionMode)
    causes.push(...oneOf(spec.completionMode, `${path}.completionMode`, ['NonIndexed', 'Indexed']))
  if (spec.completionMode === 'Indexed') {
    if (spec.completions === undefined) causes.push(required(`${path}.completions`, 'when completion mode is Indexed'))
    if (spec.parallelism > mostIndexed)
      causes.push(
        invalid(
          `${path}.parallelism`,
          spec.parallelism,
          `must be less than or equal to ${mostIndexed} when completion mode is Indexed`,
        ),
      )
  }
  // The template's own rule about restart policies would say the same again.
  const template = spec.template?.spec?.restartPolicy
    ? spec.template
    : { ...spec.template, spec: { dnsPolicy: 'ClusterFirst', ...spec.template?.spec, restartPolicy: 'Never' } }
  return [
    ...causes,
    ...checkFailurePolicy(spec.podFailurePolicy, `${path}.podFailurePolicy`),
    ...checkTemplate(template, `${path}.template`),
    ...checkRestart(spec.template, path),
  ]
}

export function checkJob({ spec }: Tree): Cause[] {
  return checkJobSpec(spec, 'spec')
}

export function checkJobUpdate({ spec }: Tree, old: Tree): Cause[] {
  const fixed = ['completions', 'selector', 'template', 'completionMode', 'podFailurePolicy', 'backoffLimitPerIndex']
  const free = old.spec.suspend || (spec.completionMode === 'Indexed' && spec.completions === spec.parallelism)
  return fixed
    .filter(
      (name) => !(free && (name === 'template' || name === 'completions')) && !sameTree(spec[name], old.spec[name]),
    )
    .map((name) => immutable(spec[name], `spec.${name}`))
}

const mostJobNameLength = 63

export function checkCronJob({ spec }: Tree): Cause[] {
  const causes = spec.schedule ? checkSchedule(spec.schedule, 'spec.schedule') : [required('spec.schedule')]
  if (spec.timeZone !== undefined) causes.push(...checkTimeZone(spec.timeZone))
  return [
    ...causes,
    ...notNegative(spec.startingDeadlineSeconds, 'spec.startingDeadlineSeconds'),
    ...oneOf(spec.concurrencyPolicy, 'spec.concurrencyPolicy', ['Allow', 'Forbid', 'Replace']),
    ...notNegative(spec.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit'),
    ...notNegative(spec.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit'),
    ...checkJobSpec(spec.jobTemplate?.spec ?? {}, 'spec.jobTemplate.spec'),
  ]
}

function checkTimeZone(zone: string): Cause[] {
  try {
    Intl.DateTimeFormat('en', { timeZone: zone })
    return zone.length > mostJobNameLength ? [invalid('spec.timeZone', zone, 'must be no more than 63 characters')] : []
  } catch {
    return [invalid('spec.timeZone', zone, `unknown time zone ${zone}`)]
  }
}
