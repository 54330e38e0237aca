/**
 * Real sheets read on a machine with a network: the shares count as seen, however the reading ends. So all that can be asked
 * and checked comes before the first of them, the lock is held from then on, and each is written down when it is seen.
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

/** One such reading, from before its first share to its entries. */
export class SeenOnline {
  readonly #folder: CustodyFolder
  readonly #flags: InspectionFlags
  readonly #bag: Bag
  readonly #release: () => void
  /** Generations that were seen, by custodian. */
  readonly #seen = new Map<number, Set<number>>()
  /** Entries about the sheets of a custodian: the last one names all that was seen of them. */
  readonly #entered = new Map<number, Entered[]>()

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
    try {
      const { line } = append(folder.path, exception)
      say(`Exception, logbook entry ${line.seq}. Every share that is read now counts as seen; when a quorum of a generation was seen, it is exposed.`, 'alarm')
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Writes down a share that is of the folder, and real; not one that stayed sealed. Throws FILE_UNWRITABLE. */
  see({ promised, rehearsal, custodian, generation, sealedTo }: JudgedShare): void {
    if (!promised || rehearsal || generation === null || sealedTo !== null) return
    const seen = this.#seen.get(custodian) ?? new Set()
    if (seen.has(generation)) return
    this.#seen.set(custodian, seen.add(generation))
    this.#write(custodian)
  }

  /**
   * Enters the inspection of the bag, if no sheet of it did, and prints it. Throws USAGE when sheets of other custodians were among
   * those of the bag (they are written too), and as `printInspection`.
   */
  async end(): Promise<Inspected> {
    const { custodian } = this.#bag
    const entered = this.#entered.get(custodian)?.at(-1) ?? this.#write(custodian)
    const strangers = [...this.#seen.keys()].filter((other) => other !== custodian)
    if (strangers.length > 0) throw new GlasskeyError('USAGE', `sheets of custodian ${strangers.join(', ')} were among those of custodian ${custodian}, whose bag this is`, 'They were read, and are in the logbook as seen. Inspect one bag at a time; glasskey check sheets looks at many sheets.')
    return { ...(await printInspection(this.#folder, this.#flags, entered)), before: this.#entered.get(custodian)?.slice(0, -1) ?? [] }
  }

  /** Lets the logbook go. */
  close(): void {
    this.#release()
  }

  #write(custodian: number): Entered {
    const entered = append(this.#folder.path, this.#entry(custodian))
    this.#entered.set(custodian, [...(this.#entered.get(custodian) ?? []), entered])
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
}
