/** The desk's end of the strongroom's connections: bytes to and from the hosts of the warrant. It sees ciphertext only. */
import { connect, type Socket } from 'node:net'
import type { FromStrongroom, ToStrongroom } from '../strongroom/protocol.js'

type Relayed = Extract<FromStrongroom, { kind: 'connect' | 'data' | 'end' }>

/** How long a connection may take to come up. */
const CONNECT_TIMEOUT_MS = 10_000

/** Carries byte streams. `allowed` are `host:port` of the warrant; anything else is refused. */
export class Relay {
  readonly #allowed: ReadonlySet<string>
  readonly #answer: (message: ToStrongroom) => void
  readonly #sockets = new Map<number, Socket>()

  constructor(origins: Iterable<string>, answer: (message: ToStrongroom) => void) {
    this.#allowed = new Set([...origins].map(hostAndPort))
    this.#answer = answer
  }

  /** Takes a message of the strongroom. */
  take(message: Relayed): void {
    if (message.kind === 'connect') {
      this.#connect(message)
      return
    }
    const socket = this.#sockets.get(message.id)
    if (message.kind === 'data') socket?.write(Buffer.from(message.bytes))
    else socket?.end()
  }

  /** Cuts every connection. */
  close(): void {
    for (const socket of this.#sockets.values()) socket.destroy()
    this.#sockets.clear()
  }

  #connect({ id, host, port }: Extract<Relayed, { kind: 'connect' }>): void {
    if (!this.#allowed.has(`${host}:${port}`)) {
      this.#answer({ kind: 'broken', id, reason: `${host}:${port} is not a host of the warrant` })
      return
    }
    const socket = connect({ host, port })
    this.#sockets.set(id, socket)
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => {
      if (socket.connecting) socket.destroy(new Error(`no connection to ${host}:${port} within ${CONNECT_TIMEOUT_MS / 1000} s`))
    })
    socket.on('connect', () => {
      this.#answer({ kind: 'connected', id })
    })
    socket.on('data', (bytes) => {
      this.#answer({ kind: 'data', id, bytes: new Uint8Array(bytes) })
    })
    socket.on('end', () => {
      this.#answer({ kind: 'ended', id })
    })
    // Half-closed connections end in EPIPE here: the other side has said all it wanted to say.
    socket.on('error', (error) => {
      this.#answer({ kind: 'broken', id, reason: error.message })
    })
    socket.on('close', () => this.#sockets.delete(id))
  }
}

function hostAndPort(origin: string): string {
  const url = new URL(origin)
  return `${url.hostname.replace(/^\[|\]$/g, '')}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`
}
