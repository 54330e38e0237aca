/**
 * Signing and sending: the only place where the key signs a request.
 *
 * In this order, always: admitted by the warrant, in time, intent durable, signed, sent, outcome durable. What is not
 * known is written as unknown. Where the disk fails only readings and the exit go on: their lines wait in memory.
 */
import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto'
import { asRemark, asWords } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import { readClocks } from '../host/clock.js'
import { opcRequestIdOf, type JournalEntry } from '../record/journal.js'
import { isChange } from '../record/replay.js'
import { checkWatch, heardFromOci, type Watch } from '../warrant/deadline.js'
import { admit, admittedRequest, RANDOM_PASSWORD, type Admission, type Asker } from '../warrant/scope.js'
import { exchange, ExchangeError, type Answer, type Carrier } from '../wire/exchange.js'
import { signRequest, type SignedRequest, type Signer, type UnsignedRequest } from '../wire/signature.js'
import type { Journal } from './journal.js'

/** The answer did not come; whether OCI acted is not known. */
export class NoAnswer extends Error {
  /** False when not a byte of the request can have arrived. */
  readonly sent: boolean
  constructor(reason: string, sent: boolean) {
    super(reason)
    this.name = 'NoAnswer'
    this.sent = sent
  }
}

/** A clerk that asks for more than this outside the warrant only wants to fill the disk. */
const MAXIMUM_REFUSALS = 20

/** What sends requests for an asker, and can do nothing else with the key. */
export type Sender = Pick<Courier, 'send'>

/** Holds the key and uses it for what the warrant admits. */
export class Courier {
  readonly #signer: Signer
  readonly #scope: readonly Admission[]
  readonly #journal: Journal
  readonly #carrier: Carrier
  readonly #uses = new Map<string, number>()
  readonly #origins: ReadonlySet<string>
  #watch: Watch
  #callsLeft: number
  #refused = 0

  constructor(keyName: string, key: KeyObject, scope: readonly Admission[], calls: number, watch: Watch, journal: Journal, carrier: Carrier) {
    this.#signer = { keyId: keyName, sign: (data) => new Uint8Array(sign('RSA-SHA256', data, key)) }
    this.#scope = scope
    this.#origins = new Set(scope.map(({ origin }) => origin))
    this.#callsLeft = calls
    this.#watch = watch
    this.#journal = journal
    this.#carrier = carrier
  }

  /** The watch, corrected by what OCI's answers said. */
  get watch(): Watch {
    return this.#watch
  }

  /**
   * Signs and sends one request for `asker`. `durably`: a change is not even signed where no disk takes its intent (FILE_UNWRITABLE);
   * otherwise that waits in memory, as everything of an exit. Throws OUTSIDE_WARRANT, LIMIT_EXCEEDED, WARRANT_EXPIRED or CLOCKS_DISAGREE
   * (journalled as refused), or NoAnswer (journalled as unknown).
   */
  async send(request: UnsignedRequest, asker: Asker, durably = false): Promise<Answer> {
    const admission = this.#admitted(request, asker)
    const exact = this.#filledIn(admission, request)
    const intent = {
      type: 'intent',
      rule: admission.rule,
      method: exact.method,
      host: new URL(exact.url).host,
      path: exact.url.slice(admission.origin.length),
      bodySha256: exact.body === null ? null : createHash('sha256').update(exact.body).digest('hex'),
      by: asker,
    } as const
    const { head, line } = durably && isChange(intent) ? this.#writeDurably(intent) : this.#journal.write(intent)
    this.#uses.set(admission.rule, (this.#uses.get(admission.rule) ?? 0) + 1)
    const signed = signRequest(exact, this.#signer, this.#ociTime(), opcRequestIdOf(head.sha256))
    return this.#exchanged(signed, line.seq)
  }

  /** A probe signed for a later time: the only signature that is ever dated ahead. Nothing is sent. `opcRequestId` is what it will be known by. */
  signAhead(request: UnsignedRequest, at: number, opcRequestId: string): SignedRequest {
    const admission = admit(this.#scope, request, 'strongroom', this.#uses)
    if (!['read own user', 'probe'].includes(admission.rule)) throw new GlasskeyError('OUTSIDE_WARRANT', 'only a reading of the own user is signed ahead')
    return signRequest(request, this.#signer, new Date(at), opcRequestId)
  }

  /** RSASSA-PKCS1-v1_5 with SHA-256, base64, over a statement that is no HTTP signing string. */
  signStatement(statement: Uint8Array): string {
    return Buffer.from(this.#signer.sign(statement)).toString('base64')
  }

  /** Wall time as OCI sees it, in ms. */
  ociTimeMs(): number {
    return Date.now() + (this.#watch.offset ?? 0)
  }

  #admitted(request: UnsignedRequest, asker: Asker): Admission {
    try {
      const admission = admit(this.#scope, request, asker, this.#uses)
      if (asker === 'clerk') {
        checkWatch(this.#watch, readClocks())
        if (this.#callsLeft < 1) throw new GlasskeyError('LIMIT_EXCEEDED', 'the calls of the warrant are used up', 'Nothing was signed. The key will be rotated.')
        this.#callsLeft -= 1
      }
      return admission
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#refused += 1
      if (this.#refused > MAXIMUM_REFUSALS) throw new GlasskeyError('LIMIT_EXCEEDED', `more than ${MAXIMUM_REFUSALS} requests were refused; further ones are not even written down`, 'The key will be rotated.')
      this.#journal.write({ type: 'refused', method: request.method, target: asWords(request.url), reason: asRemark(reason) })
      throw error
    }
  }

  #filledIn(admission: Admission, request: UnsignedRequest): UnsignedRequest {
    const exact = admittedRequest(admission, request)
    if (!this.#origins.has(admission.origin)) throw new RangeError('Courier: an origin that the warrant does not name')
    const text = exact.body === null ? '' : Buffer.from(exact.body).toString('utf8')
    if (!text.includes(RANDOM_PASSWORD)) return exact
    return { ...exact, body: new Uint8Array(Buffer.from(text.replace(RANDOM_PASSWORD, unknowablePassword()))) }
  }

  #writeDurably(intent: Extract<JournalEntry, { type: 'intent' }>): ReturnType<Journal['write']> {
    try {
      return this.#journal.writeDurably(intent)
    } catch (error) {
      if (!(error instanceof GlasskeyError)) throw error
      throw new GlasskeyError(error.code, `"${intent.rule}" was not asked for: ${error.message}`, 'Nothing is changed before it is on record. The key is rotated all the same.', { cause: error })
    }
  }

  #ociTime(): Date {
    return new Date(this.ociTimeMs())
  }

  async #exchanged(signed: SignedRequest, intent: number): Promise<Answer> {
    try {
      const answer = await exchange(signed, this.#carrier)
      const date = answer.headers['date'] ?? ''
      this.#watch = heardFromOci(this.#watch, date, readClocks())
      this.#journal.write({ type: 'outcome', intent, status: answer.status, opcRequestId: asWords(answer.headers['opc-request-id'] ?? ''), date: asWords(date) })
      return answer
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error
      this.#journal.write({ type: 'unknown', intent, reason: asRemark(error.message) })
      throw new NoAnswer(error.message, error.sent)
    }
  }
}

/** 40 characters of four kinds: accepted by every password policy, written nowhere. */
function unknowablePassword(): string {
  return `Aa1_${randomBytes(27).toString('base64url')}`
}
