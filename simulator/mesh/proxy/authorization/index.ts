export { decide, policiesFor, type Decision, type Policies } from './policies.ts'
export type { Subject } from './subject.ts'
