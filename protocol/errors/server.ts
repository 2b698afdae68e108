import { defineErrors } from './error.ts'

/** Every error that the server's own rooms show to a user. */
export const serverError = defineErrors({
  // Starting
  PORT_IN_USE: {
    status: 500,
    sentence:
      'Port {port} on {host} is taken by another program. Start with another one (labwright {command} --port {next}).',
  },
  HOST_NOT_USABLE: {
    status: 500,
    sentence:
      'The server cannot listen on {host}: {reason}. Give an address of this machine with --host, or leave it out for 127.0.0.1.',
  },
  HOST_NEEDS_SANDBOX: {
    status: 500,
    sentence:
      'Bubblewrap does not work here ({reason}), so learners\' shells run as you and {host} is refused. Install bubblewrap ("apt install bubblewrap") and let it make namespaces, or leave --host out to serve this machine only.',
  },
  DATA_FOLDER_UNUSABLE: {
    status: 500,
    sentence:
      'Labwright cannot write in its data folder {folder}: {reason}. Name a folder that you may write in (--data DIR).',
  },
  DATA_FOLDER_IN_USE: {
    status: 500,
    sentence:
      'Another labwright (process {pid}) uses the data folder {folder}. Go to {link} for that one, or start this one with another folder (--data DIR).',
  },
  DATA_FROM_NEWER_VERSION: {
    status: 500,
    sentence:
      'The data folder {folder} was written by a newer version of Labwright. Update Labwright, or start with another folder (--data DIR).',
  },
  KUBECTL_MISSING: {
    status: 500,
    sentence: 'Learners will have no kubectl, for it is not on the PATH: {how}, then start Labwright again.',
  },
  BAD_OPTION: { status: 500, sentence: '{reason}. All options are listed by labwright {command} --help.' },

  // Storing
  DISK_FULL: {
    status: 507,
    sentence:
      'The disk that holds {folder} is full, so nothing new can be kept. What was kept before is safe. Make room there; work goes on by itself.',
  },
  DATA_READ_ONLY: {
    status: 507,
    sentence:
      'The data folder {folder} can no longer be written: {reason}. What was kept before is safe. Make it writable; work goes on by itself.',
  },
  ATTEMPT_CHANGED: {
    status: 409,
    sentence: 'The record of this session was changed by another process in the meantime. Load the page again.',
  },

  // People
  LOGIN_NEEDED: {
    status: 401,
    sentence:
      'This browser is not logged in. Open the link that "labwright serve" printed in the terminal; "labwright serve" prints a new one when it was used already.',
  },
  LOGIN_CODE_INVALID: {
    status: 401,
    sentence:
      'The code of this link was used already or is too old. Run "labwright serve" again in another terminal: it prints a new link of the running server.',
  },
  LOGIN_TOO_OFTEN: { status: 429, sentence: 'Too many wrong codes. Wait a minute and open a new start link.' },

  // Requests
  WRONG_HOST: {
    status: 421,
    sentence: 'This server is not called {host}. Open the link that "labwright serve" printed.',
  },
  FOREIGN_ORIGIN: {
    status: 403,
    sentence:
      'The request came from another site ({origin}) and was refused. Open the link that "labwright serve" printed.',
  },
  BODY_INVALID: { status: 400, sentence: 'The request could not be read: {reason}.' },
  BODY_TOO_LARGE: { status: 413, sentence: 'The request is larger than {kibibytes} KiB.' },
  NOT_FOUND: { status: 404, sentence: 'There is nothing at {path}.' },
  PAGE_NOT_BUILT: {
    status: 503,
    sentence: 'The pages of Labwright were not built. Run "npm run build" in the folder of Labwright and load again.',
  },
  INTERNAL: {
    status: 500,
    sentence: 'Something went wrong inside Labwright (reference {reference}). The log of the server says more.',
  },

  // Sessions
  LAB_UNKNOWN: { status: 404, sentence: 'There is no lab {lab} on this server.' },
  SESSION_UNKNOWN: {
    status: 404,
    sentence: 'There is no such session. Go back to the start page and open the lab there.',
  },
  SESSION_NOT_READY: { status: 409, sentence: 'The session is still being prepared. Wait until it is ready.' },
  SESSION_OVER: { status: 409, sentence: 'The session is finished. Start the lab again from the start page.' },
  SESSION_NOT_EXTENDABLE: { status: 409, sentence: 'The session has its longest time already ({hours} hours).' },
  SESSION_NOT_FAILED: { status: 409, sentence: 'Nothing failed in this session, so there is nothing to try again.' },
  STEP_UNKNOWN: { status: 404, sentence: 'The lab has no step {step}.' },
  TASK_UNKNOWN: { status: 404, sentence: 'The lab has no task {task}.' },
  TASK_FROZEN: { status: 409, sentence: 'The task {task} is closed: a later step takes away what it stands on.' },
  NO_MORE_HINTS: { status: 409, sentence: 'The task {task} has no more hints.' },
  FILE_UNKNOWN: { status: 404, sentence: 'The step {step} has no file {file}.' },
  SETUP_REFUSED: { status: 502, sentence: "The cluster refused {object} of the lab's set-up ({file}): {reason}." },
  SETUP_UNREADABLE: { status: 500, sentence: "The lab's set-up file {file} could not be read: {reason}." },
  SETUP_TOO_SLOW: { status: 504, sentence: "{object} of the lab's set-up was not ready after {seconds} s: {seen}." },
  PROOF_NOT_SETTLED: {
    status: 504,
    sentence:
      'After the cluster went back to the state before an answer, some pods were not ready again in {seconds} s: {pods}. Test with --only, or on a faster machine.',
  },
  PHASE_FAILED: { status: 500, sentence: 'The phase "{phase}" failed: {reason}.' },

  // Clusters
  CLUSTER_HOST_DOWN: {
    status: 503,
    sentence: 'The process that holds the simulated clusters did not start: {reason}. Its log is {log}.',
  },
  CLUSTER_REFUSED: { status: 502, sentence: 'The simulated cluster refused: {reason}.' },
  CLUSTER_UNKNOWN: { status: 404, sentence: 'There is no cluster {cluster} any more.' },
  CLUSTER_AWAY: { status: 503, sentence: 'The cluster stopped answering and is being brought back. Nothing is lost.' },
  API_UNREACHABLE: { status: 502, sentence: 'The Kubernetes API at {server} did not answer: {reason}.' },
})
