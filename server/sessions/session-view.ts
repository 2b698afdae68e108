import type { PhaseView, SessionView, TaskView } from '../../protocol/session.ts'
import { pointsOf } from '../store/index.ts'
import type { Attempt } from './attempt.ts'
import type { Ground } from './ground.ts'
import type { Life, Problem } from './life.ts'

interface SessionParts {
  attempt: Attempt
  life: Life
  phases: PhaseView[]
  tasks: TaskView[]
  ground: Ground
  isExtendable: boolean
  /** It is finished, and nothing of it is taken down yet. */
  isKept: boolean
  /** Why nothing can be stored at the moment. */
  storeProblem: Problem | undefined
}

/** A session as its page sees it. */
export function sessionView(parts: SessionParts): SessionView {
  const { attempt, life, phases, tasks, ground, isExtendable, isKept } = parts
  const { id, lab } = attempt
  const endsAt = new Date(attempt.endsAt).toISOString()
  const finished = attempt.last('finished')
  const problem = problemOf(parts)
  return {
    id,
    lab: { id: lab.id, title: lab.title, minutes: lab.minutes },
    clusters: ground.clusters,
    state: life.state === 'deleted' ? 'finished' : life.state,
    phases,
    steps: lab.steps.map(({ id, title, tasks }) => ({ id, title, tasks })),
    tasks,
    points: pointsOf(lab, attempt.progress),
    startedAt: attempt.events[0]!.at,
    endsAt,
    sandboxed: ground.sandboxed,
    notes: ground.notes,
    extendable: isExtendable,
    ...(problem === undefined ? {} : { problem }),
    ...(finished === undefined ? {} : { finishedAt: finished.at }),
    ...(isKept ? { keptUntil: endsAt } : {}),
  }
}

function problemOf({ life, storeProblem }: SessionParts): SessionView['problem'] {
  if (life.state === 'failed') return { ...life.problem, phase: life.phase }
  return life.state === 'recovering' ? life.problem : storeProblem
}
