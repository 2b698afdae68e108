import { en, type Messages } from './en.ts'

/** The texts of the interface in the reader's language. */
export const messages: Messages = en
