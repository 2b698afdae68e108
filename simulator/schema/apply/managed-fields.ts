/** The managers of an object's fields: metadata.managedFields, read into sets and written back. */
import type { ManagedFieldsEntry } from '../../kubernetes/index.ts'
import { isEmptySet, readFieldsV1, writeFieldsV1, type FieldSet } from './field-set.ts'

export interface Manager {
  name: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  subresource: string
  time?: string
  fields: FieldSet
}

/** Managers by what makes them one: name, operation, subresource, and for updates the version they speak. */
export type Managers = Map<string, Manager>

export function identify(manager: Omit<Manager, 'fields' | 'time'>): string {
  const { name, operation, apiVersion, subresource } = manager
  return JSON.stringify({
    manager: name,
    operation,
    apiVersion: operation === 'Apply' ? undefined : apiVersion,
    subresource: subresource || undefined,
  })
}

export function readManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  const managers: Managers = new Map()
  for (const entry of entries ?? []) {
    const manager: Manager = {
      name: entry.manager,
      operation: entry.operation,
      apiVersion: entry.apiVersion,
      subresource: entry.subresource ?? '',
      fields: { ...readFieldsV1(entry.fieldsV1), member: false },
      ...(entry.time === undefined ? {} : { time: entry.time }),
    }
    managers.set(identify(manager), manager)
  }
  return managers
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Entries in the API server's order: applies first, then by time, name, version, subresource. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] {
  return [...managers.values()]
    .filter((manager) => !isEmptySet(manager.fields))
    .sort(
      (a, b) =>
        order(a.operation, b.operation) ||
        order(a.time ?? '', b.time ?? '') ||
        order(a.name, b.name) ||
        order(a.apiVersion, b.apiVersion) ||
        order(a.subresource, b.subresource),
    )
    .map((manager) => ({
      manager: manager.name,
      operation: manager.operation,
      apiVersion: manager.apiVersion,
      ...(manager.time === undefined ? {} : { time: manager.time }),
      fieldsType: 'FieldsV1',
      fieldsV1: writeFieldsV1(manager.fields),
      ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
    }))
}
