import type { Io } from '../command-line/io.ts'

/** Asks until the answer is one: y or yes is yes; n, nothing and the end of input are no. */
export async function confirmed(io: Io, question: string): Promise<boolean> {
  for (;;) {
    io.stdout(question)
    const answer = (await io.readLine())?.trim().toLowerCase()
    if (answer === 'y' || answer === 'yes') return true
    if (answer === undefined || answer === '' || answer === 'n' || answer === 'no') return false
  }
}
