/** The life of a generation: waiting, in use, exposed, burned. Derived from events, never stored. */

/** What happened to a generation, in the order in which it happened. */
export type GenerationEvent =
  | { kind: 'sealed'; generation: number }
  /** A takeover asked OCI to install it, and nobody had recombined it yet. */
  | { kind: 'uploaded'; generation: number }
  | { kind: 'installed'; generation: number }
  /** OCI listed it in place of a key that another copy of the folder must have rotated: what that copy's record would tell better. */
  | { kind: 'found'; generation: number }
  /** The exit of another generation deleted it, or did not find it any more. */
  | { kind: 'left'; generation: number }
  | { kind: 'share-seen'; generation: number; custodian: number }
  | { kind: 'copy-gone'; generation: number; custodian: number; copy: number }
  | { kind: 'key-live'; generation: number }
  | { kind: 'deleted'; generation: number }
  | { kind: 'graded-dead'; generation: number }
  | { kind: 'retired'; generation: number }

/** Where a generation stands. */
export type GenerationState = 'waiting' | 'in use' | 'exposed' | 'not proved dead' | 'burned' | 'retired'

/** A generation's people and paper, as its manifest lists them. */
export interface SheetSet {
  generation: number
  threshold: number
  shares: readonly { custodian: number; copies: number }[]
}

/** Where a generation stands, and with how much to spare. */
export interface Standing {
  generation: number
  state: GenerationState
  /** Custodians with at least one copy not reported gone. */
  living: number
  /** How many of them may yet be lost before no quorum is possible; negative: the sheets cannot open it. */
  margin: number
  /** Custodians whose share was seen in some session. */
  seen: number[]
}

/** Standing of each set, in generation order. */
export function standings(sets: readonly SheetSet[], events: readonly GenerationEvent[]): Standing[] {
  return [...sets].sort((one, other) => one.generation - other.generation).map((set) => standing(set, events))
}

function standing(set: SheetSet, events: readonly GenerationEvent[]): Standing {
  const mine = events.filter((event) => event.generation === set.generation)
  const has = (kind: GenerationEvent['kind']): boolean => mine.some((event) => event.kind === kind)
  const seen = [...new Set(mine.flatMap((event) => (event.kind === 'share-seen' ? [event.custodian] : [])))].sort((a, b) => a - b)
  const goneOf = (custodian: number, copies: number): number =>
    new Set(mine.flatMap((event) => (event.kind === 'copy-gone' && event.custodian === custodian && event.copy >= 1 && event.copy <= copies ? [event.copy] : []))).size
  const living = set.shares.filter(({ custodian, copies }) => goneOf(custodian, copies) < copies).length
  const state = ((): GenerationState => {
    if (has('deleted') && has('graded-dead')) return 'burned'
    if (has('key-live')) return 'not proved dead'
    if (has('retired') || isGone(set.generation, events)) return 'retired'
    if (seen.length >= set.threshold) return 'exposed'
    return isInstalled(set.generation, events) ? 'in use' : 'waiting'
  })()
  return { generation: set.generation, state, living, margin: living - set.threshold, seen }
}

/** Whether OCI was given a generation's key, and no exit of another generation has seen it gone since. */
export function isInstalled(generation: number, events: readonly GenerationEvent[]): boolean {
  return events.findLast((event) => event.generation === generation && (event.kind === 'installed' || event.kind === 'left'))?.kind === 'installed'
}

/** Whether a takeover that stopped left the key of a generation in OCI, which nobody has used or seen gone since. */
export function isLeftByTakeover(generation: number, events: readonly GenerationEvent[]): boolean {
  return events.findLast((event) => event.generation === generation && ['uploaded', 'installed', 'left', 'deleted'].includes(event.kind))?.kind === 'uploaded'
}

/**
 * The generation whose key OCI has, or undefined before the takeover. An exposed one that is installed is still in use. Where
 * OCI has two, because a rotation has not come to its end, it is the last that its sheets can still open.
 */
export function inUse(all: readonly Standing[], events: readonly GenerationEvent[]): Standing | undefined {
  const is = (kind: GenerationEvent['kind'], { generation }: Standing): boolean => events.some((event) => event.kind === kind && event.generation === generation)
  const alive = all.filter(({ state }) => state !== 'burned')
  const there = alive.filter(({ generation }) => isInstalled(generation, events))
  return there.findLast((one) => one.margin >= 0 && !is('deleted', one)) ?? there.at(-1) ?? alive.find((one) => is('found', one))
}

/** Whether the exit of another generation saw its key gone, and nothing has brought it back since. */
export function hasLeft(generation: number, events: readonly GenerationEvent[]): boolean {
  return events.findLast((event) => event.generation === generation && ['installed', 'found', 'left'].includes(event.kind))?.kind === 'left'
}

/** Whether a generation was installed and has left OCI, for a later one that is there: used, if it was, in a session that this record does not have. */
function isGone(generation: number, events: readonly GenerationEvent[]): boolean {
  const was = events.some((event) => event.kind === 'installed' && event.generation === generation)
  return was && hasLeft(generation, events) && events.some((event) => event.generation > generation && isInstalled(event.generation, events))
}

/** Whether enough sheets of a generation are left to open it. */
export function canBeOpened(all: readonly Standing[], generation: number): boolean {
  return all.some((one) => one.generation === generation && one.margin >= 0)
}

/** Whether no rotation comes to a generation any more, now that `successor` is next: it is older, given up, or can no longer be opened. */
export function isPassed(all: readonly Standing[], generation: number, successor: number): boolean {
  const standing = all.find((entry) => entry.generation === generation)
  return generation < successor || standing === undefined || standing.margin < 0 || standing.state === 'exposed' || isSpent(standing.state)
}

/** Whether a generation may be what a warrant rotates to. One that OCI was given under that warrant, and whose sheets were shown by mistake, is as good as any: rotating away from it is the next step. */
export function isUsable(standing: Standing | undefined, wasGiven: boolean): boolean {
  if (standing === undefined || standing.margin < 0) return false
  return standing.state === 'waiting' || standing.state === 'in use' || (wasGiven && standing.state === 'exposed')
}

/** Whether nobody will need the sheets of a generation again, so that they may be destroyed. */
export function isSpent(state: GenerationState | undefined): boolean {
  return state === 'burned' || state === 'retired'
}

/** Generations that rotation may go to after `generation`, next first: those that are counted on. After 0, before any is in use, all of them. */
export function successorsOf(all: readonly Standing[], generation: number): Standing[] {
  return all.filter((entry) => entry.generation > generation && entry.state === 'waiting' && entry.margin >= 0)
}

/**
 * The generation whose public key is uploaded where nobody has a way in: the successor, or the first after the used one that people can
 * go on with. Null: none is left.
 */
export function toUpload(all: readonly Standing[], used: number, successor: number | null): number | null {
  const fit = all.filter(({ generation, state, margin }) => generation > used && margin >= 0 && ['waiting', 'in use', 'exposed'].includes(state))
  const named = fit.find(({ generation }) => generation === successor)
  return (named ?? fit.find(({ state }) => state !== 'exposed') ?? fit[0])?.generation ?? null
}

/** Why a sheet of this generation is of no use now, to finish "the sheet is of GENERATION 2: …". */
export function whyNot(entry: Standing): string {
  switch (entry.state) {
    case 'burned':
      return 'that key is dead'
    case 'not proved dead':
      return 'that key was used and is not proved dead; run glasskey resume'
    case 'retired':
      return 'that generation is retired'
    case 'exposed':
      return 'that generation is exposed'
    case 'waiting':
      return 'that key is not in use yet'
    case 'in use':
      return 'that key is the one in use'
  }
}
