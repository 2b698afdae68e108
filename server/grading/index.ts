export { createChecker, type Checker } from './checker.ts'
export { Grader } from './grader.ts'
export { RunnerPool } from './runner-pool.ts'
