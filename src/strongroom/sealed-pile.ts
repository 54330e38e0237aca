/** Sealed shares that were scanned: judged as they come in, opened by their custodians when the scans are through. */
import { judgeSealed, judgeSealedHeader, parseSealedPart, SealedParts, type SealedPart, type SealedShare } from '../custody/sealed-share.js'
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
  readonly #parts = new SealedParts()
  #waiting: SealedShare[] = []
  /** Right, and not opened: a key was not at hand, or somebody pressed Enter. */
  readonly #leftOut: SealedShare[] = []

  constructor(expectation: Expectation, consents: Consents) {
    this.#expectation = expectation
    this.#consents = consents
  }

  /** Whether the text belongs to a sealed share; it is then kept. Throws what makes it a wrong one: it is never opened. */
  take(text: string): boolean {
    const part = parseSealedPart(text)
    if (!part) return false
    judgeSealedHeader(part, this.#expectation)
    const completed = this.#parts.take(part)
    if (completed.length === 0) this.#bringBack(part)
    else this.#waiting.push(this.#rightOne(completed))
    return true
  }

  /** The promised one. Where codes differ there are several: one of them is, or each is wrong in its own way. */
  #rightOne(completed: readonly SealedShare[]): SealedShare {
    const wrong: unknown[] = []
    for (const sealed of completed) {
      try {
        judgeSealed(sealed, this.#expectation)
        if (this.#consents !== 'any' && !this.#consents.has(sealed.custodian)) {
          throw new GlasskeyError('CONSENT_REFUSED', `${calledBy(this.#expectation.manifest, sealed.custodian)} has not released this share`, 'A share without its custodian is not used.')
        }
        return sealed
      } catch (error) {
        wrong.push(error)
      }
    }
    throw wrong[0]
  }

  /** One that was left out waits again when any code of it is shown again. */
  #bringBack({ keyId, custodian, fingerprint }: SealedPart): void {
    const at = this.#leftOut.findIndex((sealed) => sealed.keyId === keyId && sealed.custodian === custodian && sealed.fingerprint === fingerprint)
    if (at >= 0) this.#waiting.push(...this.#leftOut.splice(at, 1))
  }

  /** Opens one after the other while shares are needed, and gives each opened text to `take`. Throws INTERRUPTED. */
  async open(accepted: () => readonly Share[], take: (text: string, where: string) => void, keys: CustodianKeys, left: AbortSignal): Promise<void> {
    const { manifest } = this.#expectation
    for (const sentence of this.#parts.missing()) say(`${sentence}. Read it with a scanner that types, at the question for a share; or let another custodian's sheet take its place. Where neither can be, end this session and begin again, with scans that show every code.`, 'alarm')
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
        this.#leftOut.push(sealed)
      }
    }
  }
}
