/** The line to whoever judges the sheets: a text goes out, its verdict comes back, one at a time and in order. */
import type { Duplex } from 'node:stream'
import { jsonIn } from '../canonical.js'
import { boundedLines } from '../host/bounded-lines.js'
import { verdict, type Verdict } from '../host/verdict.js'
import type { ReaderLine } from '../reader/line.js'

/** Who judges, as the page's server sees it. */
export class Judge {
  readonly #pipe: Duplex
  readonly #verdicts: AsyncIterator<Verdict, undefined>
  #last: Promise<unknown> = Promise.resolve()

  constructor(pipe: Duplex) {
    this.#pipe = pipe
    this.#verdicts = verdictsOf(pipe)
  }

  /** The first verdict, which nobody asked for. */
  greeting(): Promise<Verdict> {
    return this.#inTurn(() => this.#next())
  }

  /** Throws when whoever judges is gone. */
  ask(file: string, text: string): Promise<Verdict> {
    return this.#inTurn(() => {
      this.tell({ file, page: 1, text })
      return this.#next()
    })
  }

  /** Says what needs no answer. */
  tell(line: ReaderLine): void {
    this.#pipe.write(`${JSON.stringify(line)}\n`)
  }

  async #next(): Promise<Verdict> {
    const { done, value } = await this.#verdicts.next()
    if (done === true) throw new Error('whoever judges is gone')
    return value
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => undefined)
    return mine
  }
}

async function* verdictsOf(pipe: Duplex): AsyncGenerator<Verdict, undefined> {
  for await (const line of boundedLines(pipe)) yield verdict.parse(jsonIn(line))
  return undefined
}
