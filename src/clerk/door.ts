/**
 * The near side of the clerk's pipe: give it a task, carry its requests, take its result.
 *
 * What comes out of the pipe was written by other people's code. Lines are bounded and checked; anything else ends the
 * task with an error. No SDK is imported here.
 */
import type { Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { z } from 'zod'
import { jsonIn, type Json } from '../canonical.js'
import { asClause } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import type { Answer } from '../wire/exchange.js'
import type { UnsignedRequest } from '../wire/signature.js'
import { whatHelps } from '../wire/what-helps.js'

const MAXIMUM_LINE = 4 * 1024 * 1024

/** A clerk that says nothing for so long while it is its turn does not go on: a key may be live meanwhile. Loading the SDK takes seconds. */
const SILENCE_MS = 60_000

/** A clerk whose requests are refused this often, and that asks again, only wants to fill our memory. No task of ours comes near. */
const MAXIMUM_FAILURES = 50

const json: z.ZodType<Json> = z.json()

const fromClerk = z.union([
  z.strictObject({
    request: z.number().int(),
    method: z.enum(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD']),
    url: z.string().max(8192),
    contentType: z.string().max(200).nullable(),
    headers: z.record(z.string().max(100), z.string().max(2000)),
    body: z.base64().nullable(),
  }),
  z.strictObject({ done: json }),
  z.strictObject({ error: z.strictObject({ message: z.string(), status: z.number().int().nullable(), code: z.string().nullable() }) }),
])

/** A task by name with its parameters; `src/clerk/actions` has one file for each. */
export interface ClerkTask {
  task: string
  params: { [name: string]: Json }
}

/** Carries one request of the clerk to OCI, or refuses by throwing. */
export type Carry = (request: UnsignedRequest) => Promise<Answer>

/**
 * Runs one task. Throws OCI_REFUSED with OCI's words when the service said no, and what `carry` threw when that is why
 * the task failed. Aborting the signal gives the task up; so does a clerk that is silent for `silenceMs`.
 */
export async function runTask(pipe: Duplex, task: ClerkTask, carry: Carry, signal?: AbortSignal, silenceMs = SILENCE_MS): Promise<Json> {
  let carried: Error | undefined
  let failed = 0
  let answered = false
  const give = (value: object): void => void pipe.write(JSON.stringify(value) + '\n')
  give(task)
  for await (const line of linesOf(pipe, signal, silenceMs)) {
    const parsed = understand(line)
    if (!parsed.success) throw broken('it sent something that is no message')
    const message = parsed.data
    if ('done' in message) return message.done
    if ('error' in message) {
      if (carried !== undefined) throw carried
      const { status, code } = message.error
      // Other people's words: one line of what can be seen, and not too many.
      throw new GlasskeyError('OCI_REFUSED', asClause(status === null ? `${answered ? 'OCI\'s answer cannot be read: ' : ''}${message.error.message}` : `OCI answered ${status} ${code ?? ''}: ${message.error.message}`), answered ? whatHelps(status) : '')
    }
    const { request, method, url, contentType, headers, body } = message
    try {
      const answer = await carry({ method, url, contentType, headers, body: body === null ? null : new Uint8Array(Buffer.from(body, 'base64')) })
      answered = true
      give({ answer: request, status: answer.status, headers: answer.headers, body: Buffer.from(answer.body).toString('base64') })
    } catch (error) {
      carried ??= error instanceof Error ? error : new Error(String(error))
      failed += 1
      if (failed > MAXIMUM_FAILURES) throw carried
      give({ failed: request, message: error instanceof Error ? error.message : String(error) })
    }
  }
  throw broken('its process ended')
}

/** Deep nesting makes a schema overflow its stack: that, too, is no message. */
function understand(line: string): ReturnType<typeof fromClerk.safeParse> {
  try {
    return fromClerk.safeParse(jsonIn(line))
  } catch (error) {
    if (error instanceof RangeError) throw broken('it sent something that is no message')
    throw error
  }
}

function broken(why: string): GlasskeyError {
  return new GlasskeyError('INTERNAL', `the clerk failed: ${why}`, 'Nothing it asked for after that was signed.')
}

/** Lines of a pipe, each below the limit; ends when the pipe does or the signal aborts. The pipe stays open. Throws where it is silent. */
async function* linesOf(pipe: Duplex, signal: AbortSignal | undefined, silenceMs: number): AsyncGenerator<string> {
  let waiting = ''
  // A character may lie across two chunks.
  const decoder = new StringDecoder('utf8')
  while (signal?.aborted !== true) {
    const end = waiting.indexOf('\n')
    if (end >= 0) {
      const line = waiting.slice(0, end)
      waiting = waiting.slice(end + 1)
      yield line
      continue
    }
    if (waiting.length > MAXIMUM_LINE) throw broken('it sent a line without end')
    const silence = AbortSignal.timeout(silenceMs)
    const first = signal ? AbortSignal.any([signal, silence]) : silence
    const chunk = await nextChunk(pipe, first)
    if (chunk === null && first.reason === silence.reason && silence.aborted) throw broken(`it said nothing for ${silenceMs / 1000} s`)
    if (chunk === null) return
    waiting += decoder.write(chunk)
  }
}

function nextChunk(pipe: Duplex, signal: AbortSignal): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const ready = pipe.read() as Buffer | null
    if (ready !== null) {
      resolve(ready)
      return
    }
    if (pipe.readableEnded || pipe.destroyed) {
      resolve(null)
      return
    }
    const done = (chunk: Buffer | null): void => {
      for (const name of ['end', 'close', 'error'] as const) pipe.off(name, onEnd)
      pipe.off('readable', onReadable)
      signal.removeEventListener('abort', onEnd)
      resolve(chunk)
    }
    const onReadable = (): void => {
      const chunk = pipe.read() as Buffer | null
      if (chunk !== null) done(chunk)
    }
    const onEnd = (): void => {
      done(null)
    }
    pipe.on('readable', onReadable)
    for (const name of ['end', 'close', 'error'] as const) pipe.on(name, onEnd)
    signal.addEventListener('abort', onEnd)
  })
}
