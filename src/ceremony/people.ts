/** Who conducts a ceremony: people at a terminal, or a flag that stands for them in a rehearsal. */
import type { KnownSheets } from '../custody/typed-header.js'
import type { GlasskeyError } from '../errors.js'
import type { Typed } from '../host/typed-share.js'
import type { Act, Script, Step } from './script.js'

/** A question. `flag` is what a script would have used. */
export interface Question {
  text: string
  flag: string
  /** What Enter alone stands for; null when something must be typed. */
  initial: string | null
  /** What is wrong with an answer, or null. */
  check?: (answer: string) => string | null
}

/** What the tool looked at before or in a step. */
export interface Finding {
  holds: boolean
  expected: string
  found: string
  /** Whether people may decide to go on without it. A set is never released unproved, and a real one never with a network. */
  waivable: boolean
  /** What it is called where nobody can decide. */
  refusal: GlasskeyError
}

/** An exception sheet, as decided. */
export interface Decided {
  expected: string
  happened: string
  decision: string
  decidedBy: string
}

/** Those who conduct. */
export interface People {
  readonly conduct: 'dialogue' | 'rehearsal --yes'
  /** How what they confirm is recorded. */
  readonly did: 'confirmed' | 'rehearsal --yes'
  /** Aborts when they call the ceremony off. */
  readonly stop: AbortSignal
  begin: (script: Script) => void
  act: (act: Act) => void
  /** `shown` are lines that people compare with their paper. */
  step: (step: Step, place: { at: number; of: number }, shown: readonly string[]) => void
  /** What the tool found or did in a step. */
  found: (what: string) => void
  /** Whether a precondition that people judge is true. Throws Aside. */
  judge: (step: Step) => Promise<void>
  /** Resolves when people say that a step is done or may begin. Throws Aside. */
  enter: (words: string) => Promise<void>
  /** Throws Aside. */
  ask: (question: Question) => Promise<string>
  /** A share typed from paper; what is typed does not stay on the screen. */
  typeShare: (known: KnownSheets) => Promise<Typed>
  /** `again` once it is mended; `exception` only where it may be waived. Throws the finding's refusal, or Aside. */
  mend: (finding: Finding) => Promise<'again' | 'exception'>
  /** Resolves when it may be tried again to write what could not be written. Throws the failure when people end the ceremony, or nobody is there. */
  writeAgain: (failure: GlasskeyError) => Promise<void>
  /** Fills in an exception sheet. `known` is what is known of it already. */
  exception: (number: number, step: Step, known: { expected: string; happened: string | null }, names: readonly string[]) => Promise<Decided>
  /** A break: why, and how many came back. */
  pause: () => Promise<{ reason: string; back: number }>
}

/** Somebody wants something else than to go on: an exception sheet, or a break. */
export class Aside extends Error {
  readonly wants: 'exception' | 'break'

  constructor(wants: 'exception' | 'break') {
    super(wants)
    this.wants = wants
  }
}
