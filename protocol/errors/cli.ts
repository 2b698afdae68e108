import { defineErrors } from './error.ts'

/** What can be wrong with a command line, and with the command itself. */
export const cliError = defineErrors({
  NO_SUCH_COMMAND: {
    status: 400,
    sentence: 'There is no command "{command}". There are {commands}; labwright --help tells what they do.',
  },
  FILE_NOT_WRITABLE: {
    status: 500,
    sentence: 'The file {file} cannot be written: {reason}. Name another one with {option}.',
  },
  IMAGES_MISSING: {
    status: 500,
    sentence: 'This machine has no image {images}. Make what is missing with "labwright images build".',
  },
  BASE_NOT_MADE: {
    status: 500,
    sentence:
      "No base could be put together from this machine's own programs: {reason}. Where a registry can be reached, leave --offline out.",
  },
  INTERRUPTED: {
    status: 500,
    sentence: 'The test was interrupted before it was done, so the lab is not proven. Run it again.',
  },
  UNFORESEEN: {
    status: 500,
    sentence:
      'The command {command} ended on something that it did not foresee: {reason}. When that is not yours to mend, run it again with NODE_DEBUG=labwright and report what it prints.',
  },
})
