import { defineErrors } from './error.ts'

/** What can go wrong with shells, files and tools of a workspace. */
export const workspaceError = defineErrors({
  WORKSPACE_MISSING: {
    status: 409,
    sentence:
      'The workspace of this session is not there yet. Wait until the session is ready, or try its preparation again.',
  },
  WORKSPACE_NOT_WRITABLE: {
    status: 507,
    sentence:
      'The file {path} could not be written ({reason}). Free some space or make the data folder writable, then try again.',
  },
  FILE_OUTSIDE_HOME: {
    status: 400,
    sentence: 'The path {path} leads out of the home folder, so nothing was written. Use a path below the home.',
  },
  TERMINAL_HOST_FAILED: {
    status: 503,
    sentence:
      'The process that holds the shells did not start ({reason}). Its log is {log}; try again, and if it stays so, restart Labwright.',
  },
  TERMINAL_LIMIT: {
    status: 429,
    sentence: 'No further terminal was opened: {reason}. Close one that you no longer need.',
  },
  TERMINALS_LOST: {
    status: 503,
    sentence:
      'The process that held the shells died, and the shells with it. Your files and your cluster are untouched; open a new terminal to go on.',
  },
  TERMINALS_SILENT: {
    status: 503,
    sentence:
      'What holds your shells does not answer: {reason}. Try again in a moment; if it stays so, start the lab over.',
  },
  COMMAND_UNKNOWN: {
    status: 404,
    sentence: 'This lesson has no command {command} in step {step}. Reload the page: the lesson may have changed.',
  },
})
