export { decide, policiesFor, type Policies } from './policies.ts'
export type { Subject } from './subject.ts'
