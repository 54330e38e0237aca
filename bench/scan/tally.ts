/** What was read and how fast, as tables in Markdown. */

/** One picture given to one decoder. */
export interface Attempt {
  readonly decoder: string
  readonly kind: string
  readonly dpi: number
  readonly page: string
  /** Whether every code was read exactly. */
  readonly whole: boolean
  readonly ms: number
}

/** Collects attempts. */
export class Tally {
  readonly #decoders: readonly string[]
  readonly #attempts: Attempt[] = []

  constructor(decoders: readonly string[]) {
    this.#decoders = decoders
  }

  add(attempt: Attempt): void {
    this.#attempts.push(attempt)
  }

  /** The row of one class at one resolution, to be said as soon as it is known. */
  row(kind: string, dpi: number): string {
    return `| ${this.#row(kind, String(dpi), (attempt) => attempt.kind === kind && attempt.dpi === dpi).join(' | ')} |`
  }

  /** A row for each class and resolution, and for each page. */
  table(): string {
    const head = ['', 'dpi', 'pages', ...this.#decoders.flatMap((name) => [`${name}: read`, 'ms, median (most)'])]
    const rows: string[][] = []
    for (const kind of new Set(this.#attempts.map(({ kind }) => kind))) {
      for (const dpi of new Set(this.#attempts.map(({ dpi }) => dpi))) {
        rows.push(this.#row(kind, String(dpi), (attempt) => attempt.kind === kind && attempt.dpi === dpi))
      }
    }
    for (const page of new Set(this.#attempts.map(({ page }) => page))) rows.push(this.#row(`all classes: ${page}`, 'all', (attempt) => attempt.page === page))
    rows.push(this.#row('**all**', '100', ({ dpi }) => dpi === 100))
    rows.push(this.#row('**all**', '150 and more', ({ dpi }) => dpi >= 150))
    return [head, head.map((_, at) => at < 1 ? '---' : '---:'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  }

  /** The two rates that are aimed at. */
  targets(): string {
    const rate = (wanted: (dpi: number) => boolean): string => {
      const mine = this.#attempts.filter(({ decoder, dpi }) => decoder === 'glasskey' && wanted(dpi))
      return percent(mine.filter(({ whole }) => whole).length, mine.length)
    }
    return `glasskey reads ${rate((dpi) => dpi >= 150)} of pages at 150 dpi and more (aim: 99.5 %), ${rate((dpi) => dpi < 150)} at 100 dpi (aim: 95 %)`
  }

  #row(name: string, dpi: string, wanted: (attempt: Attempt) => boolean): string[] {
    const attempts = this.#attempts.filter(wanted)
    const cells = this.#decoders.flatMap((decoder) => {
      const mine = attempts.filter((attempt) => attempt.decoder === decoder)
      const times = mine.map(({ ms }) => ms).sort((one, other) => one - other)
      const median = times[Math.floor(times.length / 2)] ?? 0
      return [percent(mine.filter(({ whole }) => whole).length, mine.length), `${median.toFixed(0)} (${(times.at(-1) ?? 0).toFixed(0)})`]
    })
    return [name, dpi, String(attempts.length / this.#decoders.length), ...cells]
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${(100 * part / whole).toFixed(1)} %`
}
