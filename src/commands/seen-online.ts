/**
 * Real sheets read on a machine with a network: the shares count as seen, however the reading ends. So all that can be asked
 * and checked comes before the first of them, the lock is held from then on, and what was seen is written at the end, at an
 * error, and at a signal.
 */
import type { JudgedShare } from '../ceremony/judge-sheets.js'
import { GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import type { CustodyFolder } from '../host/custody-folder.js'
import { takeLock } from '../host/lock.js'
import { places } from '../host/sealed-folder.js'
import { say } from '../host/terminal.js'
import type { NewLogbookEntry } from '../record/logbook.js'
import { inspectionEntry, printInspection, type Bag, type Inspected, type InspectionFlags } from './inspection.js'
import { append, checkShape, type Entered } from './logbook.js'

/** Signals that end a process. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** One such reading, from before its first share to its entries. */
export class SeenOnline {
  readonly #folder: CustodyFolder
  readonly #flags: InspectionFlags
  readonly #bag: Bag
  readonly #release: () => void
  /** Generations that were seen and are not written yet, by custodian. */
  readonly #seen = new Map<number, Set<number>>()

  /**
   * Holds the logbook, and enters what people accept. Throws USAGE for an entry that could not be written afterwards,
   * CUSTODY_LOCKED.
   */
  constructor(folder: CustodyFolder, flags: InspectionFlags, bag: Bag, exception: Extract<NewLogbookEntry, { type: 'exception' }>) {
    this.#folder = folder
    this.#flags = flags
    this.#bag = bag
    for (const entry of [exception, inspectionEntry(folder, flags, bag, [])]) checkShape(entry)
    this.#release = takeLock(places.lock(folder.path), 'share inspect --online', wallClock())
    for (const signal of SIGNALS) process.on(signal, this.#die)
    try {
      const { line } = append(folder.path, exception)
      say(`Exception, logbook entry ${line.seq}. Every share that is read now counts as seen; when a quorum of a generation was seen, it is exposed.`, 'alarm')
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Counts a share that is of the folder, and real. */
  see({ promised, rehearsal, custodian, generation }: JudgedShare): void {
    if (!promised || rehearsal || generation === null) return
    this.#seen.set(custodian, (this.#seen.get(custodian) ?? new Set()).add(generation))
  }

  /**
   * Writes what was seen and the inspection of the bag, and prints that. Throws USAGE when sheets of other custodians were
   * among those of the bag (they are written too), and as `printInspection`.
   */
  async end(): Promise<Inspected> {
    const { custodian } = this.#bag
    const strangers = [...this.#seen.keys()].filter((other) => other !== custodian)
    for (const stranger of strangers) this.#write(stranger)
    const entered = this.#write(custodian)
    if (strangers.length > 0) throw new GlasskeyError('USAGE', `sheets of custodian ${strangers.join(', ')} were among those of custodian ${custodian}, whose bag this is`, 'They were read, and are in the logbook as seen. Inspect one bag at a time; glasskey check sheets looks at many sheets.')
    return printInspection(this.#folder, this.#flags, entered)
  }

  /** Writes what was seen and is not written yet, and lets the logbook go. Throws FILE_UNWRITABLE. */
  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#die)
    try {
      for (const custodian of this.#seen.keys()) this.#write(custodian)
    } finally {
      this.#release()
    }
  }

  #write(custodian: number): Entered {
    const entered = append(this.#folder.path, this.#entry(custodian))
    this.#seen.delete(custodian)
    return entered
  }

  #entry(custodian: number): NewLogbookEntry {
    const { bag, witness } = this.#bag
    const generations = [...(this.#seen.get(custodian) ?? [])].sort((one, other) => one - other)
    const seen = generations.length === 0 ? {} : { seenOnline: generations }
    if (custodian === this.#bag.custodian) return { ...inspectionEntry(this.#folder, this.#flags, this.#bag, generations), ...seen }
    // Nobody was asked about this sheet: it lay where it should not, and its text does not say which copy it is.
    return { type: 'inspected', custodian, copy: 1, generations, bag, condition: 'doubtful', witness, note: `read with the sheets of custodian ${this.#bag.custodian}; which copy it is was not said`, ...seen }
  }

  /** What was seen is written, and the signal does what it does to any process. */
  readonly #die = (signal: NodeJS.Signals): void => {
    this.close()
    process.kill(process.pid, signal)
  }
}
