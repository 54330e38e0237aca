/**
 * The clerk's only way out: every request that the SDK marshals goes unsigned down a pipe, and the answer comes back.
 * The SDK believes that it talks to OCI.
 */
import type { Duplex } from 'node:stream'
import { createInterface } from 'node:readline'
import type { HttpClient, HttpRequest } from 'oci-common'

/** What the other side of the pipe says. */
export type FromCourier =
  | { task: string; params: Record<string, unknown> }
  | { answer: number; status: number; headers: Record<string, string>; body: string }
  | { failed: number; message: string }

/** Headers that belong to whoever signs and sends. */
const NOT_OURS = ['opc-request-id', 'date', 'x-date', 'host', 'authorization', 'content-length', 'x-content-sha256', 'opc-client-info', 'user-agent', 'opc-client-retries', 'accept']

/** Answers that have no body (Fetch standard: null body status). */
const BODILESS = [101, 103, 204, 205, 304]

/** An `HttpClient` for the SDK over the pipe. */
export class Post implements HttpClient {
  readonly #pipe: Duplex
  readonly #waiting = new Map<number, { resolve: (response: Response) => void; reject: (error: Error) => void }>()
  #count = 0

  constructor(pipe: Duplex, onTask: (task: string, params: Record<string, unknown>) => void) {
    this.#pipe = pipe
    createInterface({ input: pipe }).on('line', (line) => {
      const message = JSON.parse(line) as FromCourier
      if ('task' in message) onTask(message.task, message.params)
      else this.#arrived(message)
    })
  }

  /** Hands a request over and waits for its answer. Rejects when it was refused or nothing came back. */
  async send(request: HttpRequest): Promise<Response> {
    const number = (this.#count += 1)
    const headers = Object.fromEntries([...request.headers.entries()].filter(([name]) => !NOT_OURS.includes(name.toLowerCase()) && name.toLowerCase() !== 'content-type'))
    const body: unknown = request.body
    const bytes = body === undefined || body === null ? null : Buffer.from(body as string | Uint8Array).toString('base64')
    this.say({ request: number, method: request.method, url: request.uri, contentType: request.headers.get('content-type'), headers, body: bytes })
    return new Promise((resolve, reject) => this.#waiting.set(number, { resolve, reject }))
  }

  /** Says something to the other side. */
  say(message: object): void {
    this.#pipe.write(JSON.stringify(message) + '\n')
  }

  #arrived(message: Exclude<FromCourier, { task: string }>): void {
    const number = 'answer' in message ? message.answer : message.failed
    const waiting = this.#waiting.get(number)
    this.#waiting.delete(number)
    const failed = (what: string): void => waiting?.reject(Object.assign(new Error(what), { shouldBeRetried: false }))
    if ('failed' in message) {
      failed(message.message)
      return
    }
    const { status, headers, body } = message
    try {
      waiting?.resolve(new Response(BODILESS.includes(status) ? null : Buffer.from(body, 'base64'), { status, headers }))
    } catch (error) {
      // A status or a header that HTTP does not know: an answer that the SDK cannot be given.
      failed(`OCI answered ${status} in a form that is no HTTP (${error instanceof Error ? error.message : String(error)})`)
    }
  }
}
