/** The strongroom's end of the line to the desk: orders come in, byte streams to OCI go through it. */
import { Duplex } from 'node:stream'
import type { Connect } from '../wire/exchange.js'
import type { FromStrongroom, Order, ToStrongroom } from './protocol.js'

/** The line. `left` aborts when the desk says leave or is gone; its reason is the cause. */
export interface DeskLine {
  order: Promise<Order>
  left: AbortSignal
  say(message: FromStrongroom): void
  /** Says something and waits until it is out. */
  sayAndWait(message: FromStrongroom): Promise<void>
  connect: Connect
}

/** Takes up the line. Call once. */
export function deskLine(): DeskLine {
  const leave = new AbortController()
  const streams = new Map<number, RelayStream>()
  let giveOrder: (order: Order) => void
  const order = new Promise<Order>((resolve) => (giveOrder = resolve))
  let count = 0

  const say = (message: FromStrongroom): void => void process.send?.(message, undefined, undefined, () => undefined)

  process.on('message', (message: ToStrongroom) => {
    switch (message.kind) {
      case 'begin':
        giveOrder(message.order)
        break
      case 'leave':
        leave.abort(message.cause)
        break
      default:
        streams.get(message.id)?.heard(message)
    }
  })
  process.on('disconnect', () => {
    leave.abort('the desk is gone')
    for (const stream of streams.values()) stream.destroy(new Error('the desk is gone'))
  })

  return {
    order,
    left: leave.signal,
    say,
    sayAndWait: (message) =>
      new Promise((resolve) => {
        if (!process.connected) resolve()
        else process.send?.(message, undefined, undefined, () => {
          resolve()
        })
      }),
    connect: (host, port) => {
      const id = (count += 1)
      const stream = new RelayStream(id, say, () => streams.delete(id))
      streams.set(id, stream)
      if (process.connected) say({ kind: 'connect', id, host, port })
      else stream.destroy(new Error('the desk is gone'))
      return stream
    },
  }
}

/** A byte stream carried over the line. Emits `connect` once the desk is through. */
class RelayStream extends Duplex {
  readonly #id: number
  readonly #say: (message: FromStrongroom) => void
  readonly #gone: () => void

  constructor(id: number, say: (message: FromStrongroom) => void, gone: () => void) {
    super()
    this.#id = id
    this.#say = say
    this.#gone = gone
  }

  heard(message: Exclude<ToStrongroom, { kind: 'begin' | 'leave' }>): void {
    switch (message.kind) {
      case 'connected':
        this.emit('connect')
        break
      case 'data':
        this.push(Buffer.from(message.bytes))
        break
      case 'ended':
        this.push(null)
        break
      case 'broken':
        this.destroy(new Error(message.reason))
        break
    }
  }

  override _read(): void {
    // The desk sends as bytes arrive; an answer is bounded by `exchange`.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#say({ kind: 'data', id: this.#id, bytes: new Uint8Array(chunk) })
    callback()
  }

  override _final(callback: () => void): void {
    this.#say({ kind: 'end', id: this.#id })
    callback()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#say({ kind: 'end', id: this.#id })
    this.#gone()
    callback(error)
  }
}
