export { createChecker, type CheckRequest, type Checker } from './checker.ts'
export { Grader } from './grader.ts'
export { RunnerPool, type RunnerOptions } from './runner-pool.ts'
