/**
 * The page's server: on loopback, for one page that knows the token, and for nobody else.
 *
 * Whoever can reach this loopback may try: other programs of the machine, and pages of other origins in the same browser.
 * So every request must name this host (a name that was rebound to 127.0.0.1 does not), every POST must come from this
 * origin, and beyond the files, which hold no secret, everything needs the session that the token opened.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import { jsonIn } from '../canonical.js'
import type { Verdict } from '../host/verdict.js'
import { isOurs } from '../reader/line.js'
import { LIMITS } from './limits.js'
import { entering, SESSION_HEADER, showing } from './messages.js'
import type { PageFile } from './page-files.js'
import type { Entered, Refused } from './page/said.js'

/** Sent with every answer. Nothing may be loaded from anywhere else, framed, stored or sent on. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'permissions-policy': 'camera=(self), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=(), bluetooth=(), clipboard-read=(), payment=()',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
}

/** What the server tells of. */
export interface PageEvents {
  /** A text wants a verdict. */
  show: (text: string, how: 'seen' | 'typed') => Promise<Verdict>
  /** People say that there are no more sheets. */
  done: () => void
  /** The page was closed, and has not come back. */
  away: () => void
}

/** A page that is served. Call `greet` when it is known what is needed. */
export class PageServer {
  readonly server: Server
  readonly #token: Buffer
  readonly #files: ReadonlyMap<string, PageFile>
  readonly #events: PageEvents
  readonly #verdicts = new Map<string, Verdict>()
  #greeting: Verdict | null = null
  /** Made when the token is used up. */
  #session: Buffer | null = null
  #present: ServerResponse | null = null
  #away: NodeJS.Timeout | undefined

  constructor(token: string, files: ReadonlyMap<string, PageFile>, events: PageEvents) {
    this.#token = Buffer.from(token)
    this.#files = files
    this.#events = events
    this.server = createServer({ requestTimeout: LIMITS.request, headersTimeout: LIMITS.request, maxHeaderSize: 8 * 1024 }, (request, response) => {
      void this.#take(request, response)
    })
    this.server.maxConnections = LIMITS.connections
  }

  /** What the page begins with. */
  greet(greeting: Verdict): void {
    this.#greeting = greeting
  }

  /** Whether a page has come in. */
  get entered(): boolean {
    return this.#session !== null
  }

  /** Lets the page know that this is the end. */
  leave(): void {
    this.#present?.end()
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const refusal = this.#whyNot(request)
    if (refusal) {
      refuse(response, ...refusal)
      return
    }
    if (request.method === 'GET') {
      const file = this.#files.get(request.url ?? '')
      if (!file) refuse(response, 404, 'there is no such page')
      else response.writeHead(200, { 'content-type': file.type, 'content-length': file.bytes.length }).end(file.bytes)
      return
    }
    try {
      const body = await bodyOf(request)
      if (body === null) refuse(response, 413, 'too long')
      else await this.#post(request, response, body)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      // Whoever judges is gone, or the page: there is nothing more to say to either.
      response.destroy()
    }
  }

  /** Status and words for a request that no page of ours sends. */
  #whyNot({ method, headers }: IncomingMessage): [number, string] | null {
    const { port } = this.server.address() as AddressInfo
    const host = `127.0.0.1:${port}`
    if (headers.host !== host) return [403, 'this page has another address']
    const site = headers['sec-fetch-site']
    if (method === 'GET') return null
    if (method !== 'POST') return [405, 'only GET and POST']
    if (headers.origin !== `http://${host}` || (site !== undefined && site !== 'same-origin')) return [403, 'only this page itself may ask']
    if (headers['content-type'] !== 'application/json') return [415, 'only JSON']
    return null
  }

  async #post(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    if (request.url === '/enter') {
      this.#enter(response, body)
      return
    }
    if (!this.#isSession(request.headers[SESSION_HEADER])) {
      refuse(response, 403, 'this page was not opened with its token')
      return
    }
    switch (request.url) {
      case '/show':
        await this.#show(response, body)
        break
      case '/done':
        answer(response, {})
        this.#events.done()
        break
      case '/present':
        this.#stay(response)
        break
      default:
        refuse(response, 404, 'there is no such page')
    }
  }

  #enter(response: ServerResponse, body: unknown): void {
    const asked = parse(entering, body)
    const again = asked !== null && 'session' in asked && this.#isSession(asked.session)
    const first = asked !== null && 'token' in asked && this.#session === null && same(Buffer.from(asked.token), this.#token)
    if (first) this.#session = Buffer.from(randomBytes(24).toString('base64url'))
    if (!first && !again) {
      refuse(response, 403, this.#session ? 'the page is open in another window or browser already: it can be opened once' : 'the address is not complete: open it exactly as the terminal shows it')
      return
    }
    const entered: Entered = { session: String(this.#session), verdicts: [...(this.#greeting ? [this.#greeting] : []), ...this.#verdicts.values()] }
    answer(response, entered)
  }

  async #show(response: ServerResponse, body: unknown): Promise<void> {
    const shown = parse(showing, body)
    const text = shown?.text.trim() ?? ''
    if (!shown || text === '' || (shown.how === 'typed' && text.length > LIMITS.typed)) {
      refuse(response, 400, 'this is not the text of a share')
      return
    }
    const known = this.#verdicts.get(text)
    if (known) {
      answer(response, known)
      return
    }
    if (shown.how === 'seen' && !isOurs(text)) {
      refuse(response, 400, 'this is not a code of a sheet')
      return
    }
    if (this.#verdicts.size >= LIMITS.texts) {
      refuse(response, 429, 'too many different codes were shown')
      return
    }
    const verdict = await this.#events.show(text, shown.how)
    this.#verdicts.set(text, verdict)
    answer(response, verdict)
  }

  /** An answer without an end: its connection tells both sides when the other is gone. */
  #stay(response: ServerResponse): void {
    clearTimeout(this.#away)
    this.#present?.destroy()
    this.#present = response
    response.writeHead(200, { 'content-type': 'text/plain' }).write('\n')
    response.once('close', () => {
      if (this.#present !== response) return
      this.#away = setTimeout(() => this.#events.away(), LIMITS.away)
    })
  }

  #isSession(given: unknown): boolean {
    return typeof given === 'string' && this.#session !== null && same(Buffer.from(given), this.#session)
  }
}

function same(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function parse<Shape>(shape: z.ZodType<Shape>, body: unknown): Shape | null {
  const parsed = shape.safeParse(body)
  return parsed.success ? parsed.data : null
}

function answer(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function refuse(response: ServerResponse, status: number, words: string): void {
  const body: Refused = { refused: words }
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body))
}

/** The body as JSON (undefined for what is none); null when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LIMITS.body) return null
    chunks.push(chunk)
  }
  return jsonIn(Buffer.concat(chunks).toString('utf8'))
}
