/** People at a ceremony, as a function: what they type at each question of the dialogue. */
import { existsSync } from 'node:fs'

/** Who they are, and where their paper comes from. */
export interface Table {
  roles: Record<'administrator' | 'operator' | 'internal witness' | 'external witness', string>
  codeName: string
  /** Named in `ROLE` by key file; none where it is missing. */
  keys: Partial<Record<string, string>>
  /** Scans of what was printed for this custodian; a ceremony removes its own files. */
  scansOf: (custodian: number) => string[]
  /** Answers that come once, before all others, to the first question that has these words. */
  once?: { words: string; answers: string[] }[]
}

/** The people at one table: a bag has a number once, and what happens once happens once. */
export class People {
  readonly #table: Table
  readonly #waiting: string[] = []
  #bags = 0
  #custodian = 0

  constructor(table: Table) {
    this.#table = table
  }

  /** What is typed when the last line on the screen is this one; null when nobody is being asked. */
  answer(line: string): string | null {
    const question = line.trim()
    if (!/(:|\?|\(yes\/no\)|q: end the ceremony)$/.test(question) && !question.startsWith('[Enter]')) return null
    const planned = this.#waiting.shift()
    if (planned !== undefined) return planned
    const once = this.#table.once?.find(({ words, answers }) => question.includes(words) && answers.length > 0)
    if (once) {
      const [first = '', ...rest] = once.answers.splice(0)
      this.#waiting.push(...rest)
      return first
    }
    return this.#usual(question)
  }

  #usual(question: string): string | null {
    const released = /releases \d+ sheets? of custodian (\d+)/.exec(question)
    if (released) this.#custodian = Number(released[1])
    if (question.endsWith('(yes/no)')) return 'yes'
    if (question.startsWith('[Enter]') || question.endsWith(']:')) return this.#known(question) ?? ''
    const known = this.#known(question)
    if (known !== null) return known
    if (question.startsWith('Bag number of')) return `B-${String((this.#bags += 1)).padStart(4, '0')}`
    if (question.startsWith('Scans of') || question.startsWith('Page 2 of')) return this.#table.scansOf(this.#custodian).filter((path) => existsSync(path)).join(' ') || 'skip'
    return USUAL.find(([words]) => question.startsWith(words))?.[1] ?? null
  }

  #known(question: string): string | null {
    const [, part, role = ''] = /^(Name|Signature) of the ((?:internal |external )?[a-z]+)/.exec(question) ?? []
    if (part === 'Name') return this.#table.roles[role as keyof Table['roles']]
    if (part === 'Signature') return this.#table.keys[role] ?? 'none'
    if (question.startsWith('Code name')) return this.#table.codeName
    if (question.startsWith('Who decides')) return ''
    if (question.startsWith('Sealed bags on')) return String(this.#bags)
    return null
  }
}

const USUAL: readonly (readonly [string, string])[] = [
  ['Time on that clock', '08:00'],
  ['Number of devices', '9'],
  ['Serial numbers', 'machine 7F3K2, boot medium 0042, printer LX-9, scanner SC-1, media 17 and 18'],
  ['Bag numbers, or', 'first ceremony'],
  ['Bags at hand', '40'],
  ['What is plugged in', 'keyboard, screen, printer, scanner'],
  ['First 16 digits', '9f2c61d0a7b4e385'],
  ['The tool\'s clock says', '2'],
  ['Pages shredded', '11'],
  ['Exceptions', '0'],
  ['"all agree"', 'all agree'],
]
