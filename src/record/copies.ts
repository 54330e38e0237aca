/** Where each copy of each share is: custody.yaml says it, later hand-overs and inspections in the logbook correct it. Pure. */
import { filledIn, type Custodian } from '../custody/custody-yaml.js'
import type { GenerationEvent } from '../custody/generation.js'
import type { LogbookEntry } from './logbook.js'

/** One copy of one custodian's sheets. What nobody has written down is null. */
export interface HeldCopy {
  custodian: number
  copy: number
  holder: string | null
  phone: string | null
  place: string | null
  /** Number of the bag; several where hand-overs do not say which generation is in which. */
  bag: string | null
  /** What custody.yaml still says although the logbook knows better, for people. */
  outdated: string[]
  /** Generations whose sheet of this copy is lost, destroyed or in a doubtful bag. */
  gone: number[]
  /** When an entry of the logbook last saw the bag whole, ISO 8601; null: never since its ceremony. */
  seenAt: string | null
  /** When somebody last acknowledged the duties of a custodian for this copy, ISO 8601. */
  acknowledgedAt: string | null
}

type BagSeen = Extract<LogbookEntry, { type: 'handover' | 'inspected' }>

/**
 * Every copy that custody.yaml lists, in its order, with the bag of one generation, or of any when null. A hand-over moves
 * the bag and leaves the telephone number in doubt.
 */
export function heldCopies(custodians: readonly Custodian[], logbook: readonly LogbookEntry[], events: readonly GenerationEvent[], generation: number | null = null): HeldCopy[] {
  return custodians.flatMap(({ number, copies }) =>
    copies.map((listed): HeldCopy => {
      const mine = logbook.filter((entry) => 'copy' in entry && entry.custodian === number && entry.copy === listed.copy)
      const whole = mine.filter((entry): entry is BagSeen => (entry.type === 'handover' || (entry.type === 'inspected' && entry.condition === 'intact')) && mayHold(entry, generation))
      const handover = whole.filter((entry) => entry.type === 'handover').at(-1)
      const [holder, bag] = [filledIn(listed.holder), listed.bag]
      const moved = handover !== undefined && holder !== handover.to
      const bagSeen = bagOf(whole)
      return {
        custodian: number,
        copy: listed.copy,
        holder: moved ? handover.to : holder,
        phone: filledIn(listed.phone),
        place: moved ? null : filledIn(listed.place),
        bag: bagSeen ?? bag,
        outdated: [
          ...(moved && holder !== null ? [`custody.yaml still names ${holder}; the number may be theirs`] : []),
          ...(bagSeen !== null && bag !== null && bag !== bagSeen ? [`custody.yaml says bag ${bag}, the logbook ${bagSeen}`] : []),
        ],
        gone: [...new Set(events.flatMap((event) => (event.kind === 'copy-gone' && event.custodian === number && event.copy === listed.copy ? [event.generation] : [])))],
        seenAt: whole.at(-1)?.at ?? null,
        acknowledgedAt: mine.filter((entry) => entry.type === 'acknowledged' || entry.type === 'handover').at(-1)?.at ?? null,
      }
    }),
  )
}

function mayHold(entry: BagSeen, generation: number | null): boolean {
  return generation === null || entry.generations === undefined || entry.generations.includes(generation)
}

/** The number that was seen last. Hand-overs to one person that do not say what is in which bag name them all. */
function bagOf(seen: readonly BagSeen[]): string | null {
  const last = seen.at(-1)
  if (last === undefined) return null
  // A bag that was opened before a witness, its sheets read, is not closed again.
  if (last.type === 'inspected') return last.newBag ?? last.bag
  if (last.generations !== undefined) return last.bag
  const other = seen.findLastIndex((entry) => entry.type !== 'handover' || entry.generations !== undefined || entry.to !== last.to)
  return [...new Set(seen.slice(other + 1).map(({ bag }) => bag))].join(' or ')
}
