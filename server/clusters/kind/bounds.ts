/** An API server has said more than one of a lab's does: a learner who rules their cluster may have put another in its place. */
export class ApiBreach extends Error {}

/** Of one answer: all that is asked for whole is a server's resources, and those of 500 definitions are below 2 MiB. */
const MAXIMUM_ANSWER_BYTES = 8 * 1024 * 1024
/** Of one event, which has an object's metadata alone: its annotations end at 256 KiB. */
const MAXIMUM_LINE_BYTES = 1024 * 1024
/** Of all lines of a cluster that have begun. */
const MAXIMUM_UNFINISHED_BYTES = 16 * 1024 * 1024

/** Bytes that come in pieces, in memory that grows with them and not with the number of pieces. */
class Gathered {
  #bytes = Buffer.allocUnsafe(1024)
  size = 0

  add(piece: Buffer): void {
    const size = this.size + piece.length
    if (size > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, this.size)
      this.#bytes = larger
    }
    piece.copy(this.#bytes, this.size)
    this.size = size
  }

  /** All of it as text; then there is none. */
  take(): string {
    const text = this.#bytes.toString('utf8', 0, this.size)
    this.#bytes = Buffer.allocUnsafe(1024)
    this.size = 0
    return text
  }
}

/** @throws ApiBreach when there is more than any answer has */
export async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const text = new Gathered()
  for await (const piece of stream) {
    if (text.size + piece.length > MAXIMUM_ANSWER_BYTES)
      throw new ApiBreach(`the API server's answer is larger than ${MAXIMUM_ANSWER_BYTES / 1024 / 1024} MiB`)
    text.add(piece)
  }
  return text.take()
}

/** Reads lines of many streams; each of them is bounded, and all that have begun are together. */
export class BoundedLines {
  #unfinished = 0

  /** @throws ApiBreach when a line has no end */
  async *of(stream: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
    const line = new Gathered()
    const add = (piece: Buffer) => {
      this.#unfinished += piece.length
      if (line.size + piece.length > MAXIMUM_LINE_BYTES || this.#unfinished > MAXIMUM_UNFINISHED_BYTES) {
        this.#unfinished -= piece.length
        throw new ApiBreach('an event of the API server is larger than 1 MiB')
      }
      line.add(piece)
    }
    const take = () => {
      this.#unfinished -= line.size
      return line.take()
    }
    try {
      for await (const chunk of stream) {
        let begin = 0
        for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, begin)) {
          add(chunk.subarray(begin, end))
          begin = end + 1
          yield take()
        }
        add(chunk.subarray(begin))
      }
      if (line.size > 0) yield take()
    } finally {
      this.#unfinished -= line.size
    }
  }
}
