/** A few lines at the bottom of a terminal that are drawn over again, and can be taken away without a trace. */
import { toned, visible, type Tone } from './terminal.js'

/** A line of the block. */
export interface BlockLine {
  text: string
  tone?: Tone
}

/** Lines that replace each other. Nothing of them goes to the scroll-back as long as they fit on the screen. */
export class Block {
  #rows = 0

  /** Draws these lines in the place of the earlier ones. */
  draw(lines: readonly BlockLine[]): void {
    const wrapped = lines.flatMap(({ text, tone = 'plain' }) => wrap(visible(text), width()).map((part) => toned(part, tone)))
    process.stderr.write(this.#up() + wrapped.map((line) => `${line}\n`).join(''))
    this.#rows = wrapped.length
  }

  /** Something was asked and answered below: its lines go with the block. */
  below(text: string): void {
    this.#rows += wrap(visible(text), width()).length
  }

  /** Takes the lines away. */
  clear(): void {
    process.stderr.write(this.#up())
    this.#rows = 0
  }

  #up(): string {
    return this.#rows === 0 ? '' : `\r\u001b[${this.#rows}A\u001b[J`
  }
}

function width(): number {
  return Math.max(40, (process.stderr.columns || 80) - 1)
}

/** Lines of at most `most` characters, broken between words where they can be. */
function wrap(text: string, most: number): string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > most) {
    const blank = rest.lastIndexOf(' ', most)
    const end = blank > most / 2 ? blank : most
    lines.push(rest.slice(0, end))
    rest = rest.slice(end).trimStart()
  }
  return [...lines, rest]
}
