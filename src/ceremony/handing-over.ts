/** Sheets leave the tool custodian by custodian: released, read again from paper, bagged. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Custodian } from '../custody/custody-yaml.js'
import { asRemark, line as lineSchema } from '../custody/fields.js'
import { knownOf } from '../custody/typed-header.js'
import { GlasskeyError } from '../errors.js'
import { removeFile, writeNew } from '../host/disk.js'
import { forgetJob, NotKnownTaken, queuePdf, requireRunning, type Spooler } from '../host/printer.js'
import { say } from '../host/terminal.js'
import { missingForSeal } from '../record/conduct.js'
import type { MadeGeneration } from './generations.js'
import type { SheetFolder } from './memory-folder.js'
import type { Performance } from './performance.js'
import { asTyped, drawnAmong, recognise, type SheetSource } from './scan-again.js'
import type { Step } from './script.js'
import type { Sheet } from './sheets.js'
import { untilWritten } from './until-written.js'

/** What handing over needs. */
export interface Handing {
  custodians: readonly Custodian[]
  made: readonly MadeGeneration[]
  /** Every sheet, drawn and proved; secret. */
  sheets: readonly Sheet[]
  folder: SheetFolder
  printer: string | undefined
  /** CUPS, but in tests. */
  spooler?: Spooler
  /** Scan files that are offered at the question. */
  rescan: readonly string[]
  source: SheetSource
  rehearsal: boolean
  /** Rehearsals: files stay, and later practice reads them. */
  keepSheets: boolean
}

/** The answer of whoever types a share from paper. */
const TYPE = 'type'
/** The answer of whoever needs a sheet once more, where a printer has them. */
const AGAIN = 'again'
/** What is asked for wherever sheets are read again. */
export const SCANS = `files, camera, or ${TYPE}: a share from paper`

/** What is wrong with an answer to that, or null. */
export function wrongScans(typed: string): string | null {
  return /^gkr?1/i.test(typed) ? `A share that is typed here stays on the screen: clear it away before anybody else looks. Answer ${TYPE}, and it is covered while it is typed.` : null
}

/** The sheets of one ceremony on their way to their custodians. */
export class HandingOver {
  readonly #given: Handing
  readonly #parts = new Set<string>()
  /** Names of sheets that the printer has taken: sent again, there would be copies that no record knows of. */
  readonly #queued = new Set<string>()
  /** Of which nobody can say whether the printer has them. */
  readonly #uncertain = new Set<string>()
  /** Their jobs in CUPS that it keeps. */
  readonly #jobs = new Set<string>()
  /** Whether there is one that it did not name. */
  #unnamed = false

  constructor(given: Handing) {
    this.#given = given
  }

  /** Files of these sheets, whether they exist or not. */
  files(custodian?: number): string[] {
    return this.#sheets(custodian).map(({ name }) => join(this.#given.folder.path, name))
  }

  /** Has CUPS forget the sheets, printed or not. What is wrong, or null: also where nothing was queued. May be asked again when it is mended. */
  async forgetPrinted(): Promise<string | null> {
    const { printer = '', spooler } = this.#given
    // Whether it still has that one, nobody but people can say.
    const unnamed = this.#unnamed
    this.#unnamed = false
    if (unnamed) return `printer ${printer} may keep what it printed: CUPS did not name its jobs. As its administrator: cancel -a -x ${printer}`
    try {
      for (const job of this.#jobs) {
        await forgetJob(job, printer, spooler)
        this.#jobs.delete(job)
      }
      return null
    } catch (error) {
      if (!(error instanceof GlasskeyError)) throw error
      return `${error.message}. ${error.hint}`.replace(/\.$/, '')
    }
  }

  /** Lets the sheets of one custodian out, and of nobody else. Throws OUTPUT_EXISTS, FILE_UNWRITABLE. */
  async release(performance: Performance, custodian: number): Promise<string> {
    const { folder, printer } = this.#given
    const sheets = this.#sheets(custodian)
    await performance.people.enter(`releases ${sheets.length} ${sheets.length === 1 ? 'sheet' : 'sheets'} of custodian ${custodian}, ${this.#name(custodian)}`)
    if (!performance.transcript.conduct.released.includes(custodian)) {
      await performance.add({ type: 'released', custodian, sheets: sheets.length, to: asRemark(printer === undefined ? folder.fact : `printer ${printer}`) })
    }
    if (printer !== undefined && (await this.#printed(performance, sheets, printer))) return `${sheets.length} sheets to printer ${printer}`
    await this.#asFiles(performance, sheets)
    return printer === undefined ? `${sheets.length} sheets` : `${sheets.length} sheets as files in ${folder.fact}: printer ${printer} failed`
  }

  /** Reads the sheets of one custodian again from paper. Skipped only while enough others can still do it. */
  async scan(performance: Performance, step: Step): Promise<string> {
    const { made, custodians, printer } = this.#given
    const { people } = performance
    const custodian = step.custodian ?? 0
    if (people.conduct !== 'dialogue') {
      for (const { manifest } of made) await performance.add({ type: 'scanned', custodian, generation: manifest.generation, from: 'drawn pages', envelope: true })
      return 'drawn pages, not paper'
    }
    let reprinted = 0
    for (;;) {
      const missing = made.map(({ manifest }) => manifest.generation).filter((generation) => !this.#scanned(performance, custodian, generation))
      const left = custodians.filter((one) => one.number > custodian).length
      // Missed later, it would have to be taken out of a bag that is sealed.
      const pages = made.filter(({ manifest }) => !this.#enveloped(performance, manifest.generation) && (left === 0 || this.#readers(performance, manifest.generation) >= manifest.threshold)).map(({ manifest }) => manifest.generation)
      if (missing.length === 0 && pages.length === 0) return this.#readInWords(performance)
      const enough = made.every(({ manifest }) => this.#readers(performance, manifest.generation) + left >= manifest.threshold)
      const skips = enough && (pages.length === 0 || performance.excepted(reprinted))
      const offered = this.#given.rescan.filter((path) => existsSync(path)).map((path) => (path.includes(' ') ? `"${path}"` : path)).join(' ')
      const answer = await people.ask({
        text: missing.length === 0 ? `Page 2 of GENERATION ${pages.join(', ')}, which no sheet has shown yet (files, or camera)${skips ? '; skip leaves it to others' : ''}` : `Scans of GENERATION ${missing.join(', ')} (${SCANS})${skips ? '; skip leaves it to others' : ''}${printer === undefined ? '' : `; ${AGAIN} prints a spoilt sheet once more`}`,
        flag: '--rescan',
        initial: offered === '' ? null : offered,
        check: (typed) => {
          if (typed === 'skip' && !enough) return 'Nobody is left who could do it instead: at least the threshold of custodians read their sheets again.'
          if (typed === 'skip' && !skips) return `Page 2 of GENERATION ${pages.join(', ')} was read from no sheet yet, and yours go into their bags next: show it now; or type d.`
          return typed === TYPE && missing.length === 0 ? 'Page 2 is not typed: scan it, or show it to a camera.' : wrongScans(typed)
        },
      })
      if (answer === AGAIN && printer !== undefined) {
        await this.#printAgain(performance, step, printer)
        reprinted += 1
        continue
      }
      if (answer === 'skip' && missing.length === 0) return this.#readInWords(performance)
      if (answer === 'skip') return missing.length === made.length ? 'left to others' : `GENERATION ${missing.join(', ')} left to others`
      await this.read(performance, answer, custodian)
    }
  }

  /** Reads sheets and records whose came back as they were made. `custodian` null: anybody's. Throws INTERRUPTED when it is called off while a share is typed. */
  async read(performance: Performance, answer: string, custodian: number | null): Promise<void> {
    const { made, source, folder, sheets, rehearsal } = this.#given
    const known = knownOf(made.map(({ manifest }) => ({ manifest, standing: 'it was made today' })))
    const drawn = answer === TYPE ? [] : drawnAmong(answer, folder.path, sheets)
    for (const path of drawn) say(`      ${path}: that is the file, not a scan of the paper${rehearsal ? '; the record will say so' : ''}.`, 'alarm')
    if (drawn.length > 0 && !rehearsal) return
    const read = answer === TYPE ? asTyped(await performance.people.typeShare(known)) : source(answer, performance.people.stop)
    const found = await recognise(read, made, this.#parts)
    for (const problem of found.problems) say(`      ${problem}`, 'alarm')
    for (const share of found.shares) {
      const name = `share of custodian ${share.custodian}, ${this.#name(share.custodian)}, GENERATION ${share.generation}`
      if (custodian !== null && share.custodian !== custodian) {
        say(`      That is the ${name}: not yours. If it lay among your sheets, type d.`, 'alarm')
      } else if (this.#scanned(performance, share.custodian, share.generation)) {
        say(`      The ${name} was read already.`)
      } else {
        await performance.add({ type: 'scanned', custodian: share.custodian, generation: share.generation, from: drawn.length > 0 ? 'drawn pages' : share.typed ? 'typed' : 'paper', envelope: found.envelopes.includes(share.generation) })
        say(`      The ${name} is as it was made.`, 'good')
      }
    }
    // The envelope's page may come after the share's.
    for (const generation of found.envelopes) {
      const first = performance.transcript.conduct.scanned.find((one) => one.generation === generation)
      if (!first || this.#enveloped(performance, generation)) continue
      await performance.add({ type: 'scanned', custodian: first.custodian, generation, from: drawn.length > 0 ? 'drawn pages' : 'paper', envelope: true })
      say(`      The envelope of GENERATION ${generation}, page 2, is as it was made.`, 'good')
    }
  }

  /** What is still missing before the set counts, as `missingForSeal` says. */
  missing(performance: Performance): string[] {
    return missingForSeal(performance.transcript.conduct)
  }

  /** Records the bag of each sheet of one custodian. What is in a bag does not stay in a file. */
  async bag(performance: Performance, custodian: number): Promise<string> {
    const dialogue = performance.people.conduct === 'dialogue'
    const bags: string[] = []
    for (const sheet of this.#sheets(custodian)) {
      const { bagged } = performance.transcript.conduct
      const earlier = bagged.find((one) => one.custodian === custodian && one.generation === sheet.generation && one.copy === sheet.copy)
      const bag =
        earlier?.bag ??
        (await performance.people.ask({
          text: `Bag number of GENERATION ${sheet.generation}, copy ${sheet.copy}${performance.excepted() ? `; ${NONE}: it is in no bag` : ''}`,
          flag: 'bag in custody.yaml',
          initial: dialogue ? null : (sheet.bag ?? 'none: rehearsal --yes'),
          check: (typed) => (performance.excepted() && typed === NONE ? null : wrongBag(typed, bagged)),
        }))
      if (!earlier && bag !== NONE) await performance.add({ type: 'bagged', custodian, generation: sheet.generation, copy: sheet.copy, bag })
      bags.push(bag)
    }
    if (!this.#given.keepSheets) {
      await untilWritten(performance.people, () => {
        for (const path of this.files(custodian)) removeFile(path)
      })
    }
    return dialogue ? bags.join(', ') : 'none: rehearsal --yes'
  }

  #sheets(custodian?: number): Sheet[] {
    return this.#given.sheets.filter((sheet) => custodian === undefined || sheet.custodian.number === custodian)
  }

  #name(custodian: number): string {
    return this.#given.custodians.find(({ number }) => number === custodian)?.name ?? ''
  }

  #scanned({ transcript }: Performance, custodian: number, generation: number): boolean {
    return transcript.conduct.scanned.some((one) => one.custodian === custodian && one.generation === generation)
  }

  #enveloped({ transcript }: Performance, generation: number): boolean {
    return transcript.conduct.scanned.some((one) => one.generation === generation && one.envelope)
  }

  /** What came back by now; page 2 only of those generations of which it did. */
  #readInWords(performance: Performance): string {
    const without = this.#given.made.map(({ manifest }) => manifest.generation).filter((generation) => !this.#enveloped(performance, generation))
    return without.length === 0 ? 'all shares read again, as they were made, and one envelope of each generation' : `all shares read again, as they were made; no envelope yet of GENERATION ${without.join(', ')}`
  }

  #readers({ transcript }: Performance, generation: number): number {
    return new Set(transcript.conduct.scanned.filter((one) => one.generation === generation).map(({ custodian }) => custodian)).size
  }

  /** One sheet of a custodian once more, by an exception: of what is spoilt, nothing may be left that opens something. */
  async #printAgain(performance: Performance, step: Step, printer: string): Promise<void> {
    const sheets = this.#sheets(step.custodian ?? 0)
    sheets.forEach(({ generation, copy }, at) => {
      say(`      ${at + 1}: GENERATION ${generation}, copy ${copy}`)
    })
    const which = await performance.people.ask({ text: 'Number of the sheet that is spoilt', flag: '--rescan', initial: null, check: (typed) => (sheets.some((_, at) => typed === String(at + 1)) ? null : `A number from 1 to ${sheets.length}.`) })
    const sheet = sheets[Number(which) - 1]
    if (!sheet) return
    await performance.exception(step, { expected: 'each sheet is printed once', happened: `GENERATION ${sheet.generation}, copy ${sheet.copy}, is spoilt and is printed again` })
    this.#queued.delete(sheet.name)
    if (!(await this.#printed(performance, [sheet], printer))) await this.#asFiles(performance, [sheet])
    say('      Shred the spoilt one now, before everybody: what is left of it may open something. Its place in the bag takes the new one.', 'alarm')
  }

  /** Lays sheets into their folder, where they stay until they are in their bags. Throws FILE_UNWRITABLE. */
  async #asFiles(performance: Performance, sheets: readonly Sheet[]): Promise<void> {
    const { folder } = this.#given
    await untilWritten(performance.people, () => {
      for (const { name, pdf } of sheets) if (!existsSync(join(folder.path, name))) writeNew(join(folder.path, name), pdf, 0o600)
    })
    if (performance.people.conduct === 'dialogue') say(`      In ${folder.path}: ${sheets.map(({ name }) => name).join(', ')}`, 'good')
  }

  async #queue(name: string, pdf: Uint8Array, printer: string): Promise<string | null> {
    try {
      return await queuePdf(pdf, printer, name, this.#given.spooler)
    } catch (error) {
      if (error instanceof NotKnownTaken) {
        // CUPS may keep a job of which this machine knows no number.
        this.#unnamed = true
        this.#uncertain.add(name)
      }
      throw error
    }
  }

  #keepJob(job: string | null): void {
    if (job === null) this.#unnamed = true
    else this.#jobs.add(job)
  }

  /** Whether everything went to the printer, each sheet once. A printer that fails is looked at again, or the files are released instead. */
  async #printed(performance: Performance, sheets: readonly Sheet[], printer: string): Promise<boolean> {
    const { spooler } = this.#given
    for (;;) {
      try {
        for (const { name, pdf } of sheets) {
          if (!this.#queued.has(name)) this.#keepJob(await this.#queue(name, pdf, printer))
          this.#queued.add(name)
          await requireRunning(printer, name, spooler)
        }
        return true
      } catch (error) {
        if (!(error instanceof GlasskeyError)) throw error
        say(`      ${error.message}.`, 'alarm')
        say(`      lpstat -o ${printer} shows what waits there, cancel NUMBER takes it out, cupsenable ${printer} starts a printer that is stopped.`)
        const again = error instanceof NotKnownTaken ? 'Cancel it if it waits there. Enter then sends this sheet again' : 'Enter tries again, and sends nothing twice'
        const answer = await performance.people.ask({ text: `${again}; file releases the files instead`, flag: '--sheets', initial: '' })
        if (answer !== 'file') continue
        const waiting = sheets.filter(({ name }) => this.#queued.has(name) || this.#uncertain.has(name)).map(({ name }) => name)
        if (waiting.length > 0) say(`      Printer ${printer} has taken ${waiting.join(', ')}${waiting.some((name) => !this.#queued.has(name)) ? ', or may have' : ''}: what still waits there is printed too, unless you cancel it.`, 'alarm')
        return false
      }
    }
  }
}

/** The answer, after an exception, for a sheet that goes into no bag. */
const NONE = 'none'

function wrongBag(typed: string, bagged: readonly { custodian: number; generation: number; copy: number; bag: string }[]): string | null {
  if (typed === NONE) return 'Each sheet goes into a bag, and each bag has a number. If this one goes into none, type d.'
  const other = bagged.find(({ bag }) => bag === typed)
  return other ? `Bag ${typed} holds the sheet of custodian ${other.custodian}, GENERATION ${other.generation}, copy ${other.copy} already: each sheet has a bag of its own.` : noBagNumber(typed)
}

function noBagNumber(typed: string): string | null {
  const parsed = lineSchema.safeParse(typed)
  return parsed.success ? null : `A bag number ${parsed.error.issues[0]?.message ?? 'is one line'}.`
}
