/** The phases of preparation, in their order. */
export const PHASES = ['cluster', 'tools', 'setup'] as const
export type Phase = (typeof PHASES)[number]

export interface Problem {
  code: string
  sentence: string
}

/** The life of a session. `done` are the phases that need not run again. */
export type Life =
  | { state: 'preparing'; done: readonly Phase[] }
  | { state: 'failed'; done: readonly Phase[]; phase: Phase; problem: Problem }
  | { state: 'recovering'; problem: Problem }
  | { state: 'ready' }
  | { state: 'finished' }
  | { state: 'deleted' }

export type LifeEvent =
  | { type: 'phase-done'; phase: Phase }
  | { type: 'phase-failed'; phase: Phase; problem: Problem }
  | { type: 'retried' }
  /** The cluster stopped answering, or has not answered since the server started. */
  | { type: 'cluster-away'; problem: Problem }
  | { type: 'cluster-ready' }
  /** There is no such cluster any more: it is made anew, with the set-up, after a retry. */
  | { type: 'cluster-gone'; problem: Problem }
  /** The cluster is to be as the lab begins with it. */
  | { type: 'reset' }
  | { type: 'finished' }
  | { type: 'deleted' }

export const born: Life = { state: 'preparing', done: [] }

/** The state after an event; an event that means nothing in a state leaves it as it is. */
export function transition(life: Life, event: LifeEvent): Life {
  if (life.state === 'deleted') return life
  if (event.type === 'deleted') return { state: 'deleted' }
  if (life.state === 'finished') return life
  switch (event.type) {
    case 'finished':
      return { state: 'finished' }
    case 'phase-done':
      return life.state === 'preparing' ? finishPhase(life.done, event.phase) : life
    case 'phase-failed':
      return life.state === 'preparing'
        ? { state: 'failed', done: life.done, phase: event.phase, problem: event.problem }
        : life
    case 'retried':
      return life.state === 'failed' ? { state: 'preparing', done: life.done } : life
    case 'reset':
      return { state: 'preparing', done: [] }
    case 'cluster-away':
      return life.state === 'ready' || life.state === 'recovering'
        ? { state: 'recovering', problem: event.problem }
        : life
    case 'cluster-ready':
      return life.state === 'recovering' ? { state: 'ready' } : life
    case 'cluster-gone':
      return life.state === 'preparing' || life.state === 'ready' || life.state === 'recovering'
        ? { state: 'failed', done: [], phase: 'cluster', problem: event.problem }
        : life
  }
}

function finishPhase(before: readonly Phase[], phase: Phase): Life {
  const done = PHASES.filter((candidate) => candidate === phase || before.includes(candidate))
  return done.length === PHASES.length ? { state: 'ready' } : { state: 'preparing', done }
}

/** The phase that runs next. */
export function nextPhase(done: readonly Phase[]): Phase | undefined {
  return PHASES.find((phase) => !done.includes(phase))
}
