/** Sealed shares that were scanned: judged as they come in, opened by their custodians when the scans are through. */
import { parseSealedPart, judgeSealed, SealedParts, type SealedPart, type SealedShare } from '../custody/sealed-share.js'
import { calledBy, type Expectation, type Share } from '../custody/share.js'
import { GlasskeyError, type ErrorCode } from '../errors.js'
import { openSealedShare, type CustodianKeys } from '../host/custodian-key.js'
import { say } from '../host/terminal.js'
import type { Consents } from './consent.js'

/** People left, or the disk takes no line. */
const NOT_OF_THE_KEY: readonly ErrorCode[] = ['INTERRUPTED', 'FILE_UNWRITABLE']

/** What lies sealed on the table. */
export class SealedPile {
  readonly #expectation: Expectation
  readonly #consents: Consents
  readonly #onAfresh: () => void
  readonly #parts = new SealedParts()
  #waiting: SealedShare[] = []

  /** `onAfresh`: codes were forgotten, and may be shown again. */
  constructor(expectation: Expectation, consents: Consents, onAfresh: () => void) {
    this.#expectation = expectation
    this.#consents = consents
    this.#onAfresh = onAfresh
  }

  /** Whether the text belongs to a sealed share; it is then kept. Throws what makes it a wrong one: it is never opened. */
  take(text: string): boolean {
    const part = parseSealedPart(text)
    if (!part) return false
    const sealed = this.#taken(part)
    if (!sealed) return true
    try {
      judgeSealed(sealed, this.#expectation)
      if (this.#consents !== 'any' && !this.#consents.has(sealed.custodian)) {
        throw new GlasskeyError('CONSENT_REFUSED', `${calledBy(this.#expectation.manifest, sealed.custodian)} has not released this share`, 'A share without its custodian is not used.')
      }
    } catch (error) {
      // A forgery that came first is not in the way of the sheet.
      this.#parts.forget(sealed)
      throw error
    }
    this.#waiting.push(sealed)
    return true
  }

  #taken(part: SealedPart): SealedShare | undefined {
    try {
      return this.#parts.take(part)
    } catch (error) {
      this.#onAfresh()
      throw error
    }
  }

  /** Opens one after the other while shares are needed, and gives each opened text to `take`. Throws INTERRUPTED. */
  async open(accepted: () => readonly Share[], take: (text: string, where: string) => void, keys: CustodianKeys, left: AbortSignal): Promise<void> {
    const { manifest } = this.#expectation
    for (const sentence of this.#parts.missing()) say(`${sentence}. Scan page 1 of that sheet again.`, 'alarm')
    const waiting = this.#waiting
    this.#waiting = []
    for (const sealed of waiting) {
      const whose = calledBy(manifest, sealed.custodian)
      if (accepted().length >= manifest.threshold) {
        say(`The sealed share of ${whose} is not needed, and stays sealed.`)
        continue
      }
      try {
        take(await openSealedShare(sealed, whose, keys, left), `opened for ${whose}`)
      } catch (error) {
        // What is wrong with one custodian's key is no reason to give up the others' shares.
        if (!(error instanceof GlasskeyError) || NOT_OF_THE_KEY.includes(error.code)) throw error
        say(`${error.message}. ${error.hint}`, 'alarm')
        // Whoever scans its codes again is asked again.
        this.#parts.forget(sealed)
      }
    }
  }
}
