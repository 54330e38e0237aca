/** How far a ceremony is, told by its transcript: only the next step can be recorded, and only a sealed set can be closed. Pure. */
import { GlasskeyError } from '../errors.js'
import type { LineOf, TranscriptEntry } from './transcript.js'

/** Where a ceremony stands. A new one for each line; nothing in it changes. */
export interface Conduct {
  opened: Omit<LineOf<'ceremony-opened'>, 'seq' | 'at' | 'prev' | 'torn'>
  /** Steps of the plan that were recorded. */
  done: number
  people: Omit<LineOf<'person'>, 'seq' | 'at' | 'prev' | 'torn'>[]
  exceptions: Omit<LineOf<'exception'>, 'seq' | 'at' | 'prev' | 'torn'>[]
  made: Omit<LineOf<'made'>, 'seq' | 'at' | 'prev' | 'torn'>[]
  /** Custodians whose sheets were released. */
  released: number[]
  scanned: Omit<LineOf<'scanned'>, 'seq' | 'at' | 'prev' | 'torn'>[]
  bagged: Omit<LineOf<'bagged'>, 'seq' | 'at' | 'prev' | 'torn'>[]
  closed: boolean
}

type Entry<Type extends TranscriptEntry['type']> = Extract<TranscriptEntry, { type: Type }>

/** A ceremony that has just been opened. */
export function begin(opened: Entry<'ceremony-opened'>): Conduct {
  return { opened, done: 0, people: [], exceptions: [], made: [], released: [], scanned: [], bagged: [], closed: false }
}

/** The step that is next; null when all are recorded. */
export function nextStep({ opened, done }: Conduct): { number: string; step: string } | null {
  return opened.plan[done] ?? null
}

/** The conduct after one more line. Throws STEP_OUT_OF_ORDER for a line that cannot come now. */
export function follow(conduct: Conduct, line: TranscriptEntry): Conduct {
  if (conduct.closed) throw outOfOrder(`${line.type} comes after the end`)
  const { opened } = conduct
  switch (line.type) {
    case 'ceremony-opened':
      throw outOfOrder('the ceremony was opened already')
    case 'step':
      requireCurrent(conduct, line)
      return { ...conduct, done: conduct.done + 1 }
    case 'exception':
      requireCurrent(conduct, line)
      if (line.exception !== conduct.exceptions.length + 1) throw outOfOrder(`exception ${line.exception} is recorded where ${conduct.exceptions.length + 1} is next`)
      return { ...conduct, exceptions: [...conduct.exceptions, line] }
    case 'person':
      if (line.role === 'custodian' ? line.custodian === null || line.custodian > opened.custodians : line.custodian !== null) throw outOfOrder(`${line.name} is no ${line.role} of this ceremony`)
      return { ...conduct, people: [...conduct.people, line] }
    case 'made':
      requireGeneration(conduct, line.generation)
      if (conduct.made.some(({ generation }) => generation === line.generation)) throw outOfOrder(`GENERATION ${line.generation} was made already`)
      return { ...conduct, made: [...conduct.made, line] }
    case 'released':
      requireCustodian(conduct, line.custodian)
      if (conduct.made.length < opened.generations.length) throw outOfOrder('a sheet is released before every generation was made')
      if (conduct.released.includes(line.custodian)) throw outOfOrder(`the sheets of custodian ${line.custodian} were released already`)
      return { ...conduct, released: [...conduct.released, line.custodian] }
    case 'scanned':
      requireReleased(conduct, line)
      return { ...conduct, scanned: [...conduct.scanned, line] }
    case 'bagged':
      requireReleased(conduct, line)
      if (conduct.bagged.some(({ generation, custodian, copy }) => generation === line.generation && custodian === line.custodian && copy === line.copy)) throw outOfOrder(`that sheet of custodian ${line.custodian} has a bag already`)
      return { ...conduct, bagged: [...conduct.bagged, line] }
    case 'break':
    case 'abandoned':
      return conduct
    case 'ceremony-closed':
      return close(conduct, line)
  }
}

/** What is still missing before a set counts as sealed, a sentence each; empty when nothing is. */
export function missingForSeal({ opened, scanned }: Conduct): string[] {
  return opened.generations.flatMap((generation) => {
    const seen = scanned.filter((one) => one.generation === generation)
    const custodians = new Set(seen.map(({ custodian }) => custodian)).size
    return [
      ...(custodians < opened.threshold ? [`GENERATION ${generation}: sheets of ${custodians} of ${opened.threshold} custodians were read again`] : []),
      ...(seen.some(({ envelope }) => envelope) ? [] : [`GENERATION ${generation}: no envelope was read again`]),
    ]
  })
}

function close(conduct: Conduct, line: Entry<'ceremony-closed'>): Conduct {
  const { opened, done, made, released, bagged, exceptions } = conduct
  const next = nextStep(conduct)
  if (next) throw outOfOrder(`the ceremony is closed where step ${next.number} is next`)
  if (made.length !== opened.generations.length) throw outOfOrder('the ceremony is closed before every generation was made')
  if (released.length !== opened.custodians) throw outOfOrder('the ceremony is closed before every custodian had their sheets')
  const [missing] = missingForSeal(conduct)
  if (missing !== undefined) throw outOfOrder(`the ceremony is closed and the set is not sealed: ${missing}`)
  if (line.steps !== done || line.exceptions !== exceptions.length || line.bags !== bagged.length) throw outOfOrder('the end counts other steps, exceptions or bags than there were')
  return { ...conduct, closed: true }
}

function requireCurrent(conduct: Conduct, line: { number: string; step: string }): void {
  const next = nextStep(conduct)
  if (next?.number === line.number && next.step === line.step) return
  throw outOfOrder(`step ${line.number} (${line.step}) is recorded where ${next ? `${next.number} (${next.step})` : 'none'} is next`)
}

function requireGeneration({ opened }: Conduct, generation: number): void {
  if (!opened.generations.includes(generation)) throw outOfOrder(`GENERATION ${generation} is none of this ceremony`)
}

function requireCustodian({ opened }: Conduct, custodian: number): void {
  if (custodian > opened.custodians) throw outOfOrder(`there is no custodian ${custodian}`)
}

function requireReleased(conduct: Conduct, line: { custodian: number; generation: number }): void {
  requireGeneration(conduct, line.generation)
  if (!conduct.released.includes(line.custodian)) throw outOfOrder(`a sheet of custodian ${line.custodian} is recorded before it was released`)
}

function outOfOrder(what: string): GlasskeyError {
  return new GlasskeyError('STEP_OUT_OF_ORDER', what, 'The script says what comes next; a deviation is an exception.')
}
