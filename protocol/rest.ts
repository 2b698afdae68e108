import type { ClusterTier } from './session.ts'

/**
 * What the page asks over HTTP. All bodies are JSON; errors are `{code, sentence}` with the error's status.
 * Every path but the first needs the cookie that `POST /api/login` sets; a session of somebody else is 404.
 *
 *   POST   /api/login {code}                         -> 204, sets the cookie. The code is the fragment of the start link (#code=…).
 *   GET    /api/me                                   -> Me                (401 LOGIN_NEEDED without a cookie)
 *   GET    /api/labs                                 -> LabCard[]
 *   POST   /api/sessions {lab}                       -> 201 {id}          (the running session of that lab, if there is one)
 *   GET    /api/sessions/:id                         -> SessionView
 *   DELETE /api/sessions/:id                         -> 204               (cluster and files are gone; the record stays)
 *   POST   /api/sessions/:id/retry                   -> 204               (failed phases again; finished ones are kept)
 *   POST   /api/sessions/:id/finish                  -> SessionView       (with its summary: points, tasks, hints)
 *   POST   /api/sessions/:id/extend                  -> SessionView
 *   GET    /api/sessions/:id/steps/:step             -> StepPage
 *   POST   /api/sessions/:id/steps/:step             -> 204               (the learner turned to that page)
 *   POST   /api/sessions/:id/tasks/:task/check       -> 202               (the verdict comes on the live connection)
 *   POST   /api/sessions/:id/tasks/:task/hint        -> {hints: string[], nextHintCost?: number}
 *   POST   /api/sessions/:id/files {step, file}      -> {path}            (a file block is written into the workspace's home)
 *   POST   /api/sessions/:id/ticket                  -> {ticket}          (single use, 30 s)
 *   GET    /api/sessions/:id/assets/NAME             -> a file of the lab's assets folder
 *   GET    /healthz                                  -> 200 {"status":"ok"}
 */
export interface Person {
  name: string
  /** `local`: this machine's own user, behind the start link. */
  kind: 'local'
}

export interface Me extends Person {
  /** What clusters of this server are. */
  clusters: ClusterTier
}

export interface ErrorBody {
  code: string
  sentence: string
}
