/**
 * A desk of one's own before the real strongroom: it speaks the protocol, and does with orders and bytes what it likes.
 * No clerk and no reader are started: shares come from a file, and the action is a rotation.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { connect } from 'node:net'
import { drawUpWarrant, openSession, type Request } from '../../src/breakglass/open-session.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { ownKeyring } from '../../src/host/custodian-key.js'
import { generationInUse, places } from '../../src/host/sealed-folder.js'
import type * as isolating from '../../src/host/isolation.js'
import type { JournalLine } from '../../src/record/journal.js'
import type { FromStrongroom, Order, ToStrongroom } from '../../src/strongroom/protocol.js'
import type { Warrant } from '../../src/warrant/warrant.js'

/** The built isolation: it knows where the built strongroom is. */
async function built(): Promise<typeof isolating> {
  return (await import(resolve(import.meta.dirname, '../../dist/host/isolation.js'))) as typeof isolating
}

/** Opens a session for a rotation of the generation in use, as the real desk would. */
export async function openRotation(custody: string, endpoints: Readonly<Record<string, string>>, operatorUser: string): Promise<Warrant> {
  const { probeIsolation } = await built()
  const folder = readCustodyFolder(custody)
  const request: Request = { action: { name: 'rotate' }, drill: false, operator: { name: 'Mallory', user: operatorUser }, incident: 'INC-1', useCase: 'drill', authorisedBy: 'Mallory', reason: 'test', minutes: undefined, to: undefined, deferRotation: false, endpoints }
  const warrant = drawUpWarrant(folder, generationInUse(folder), request, probeIsolation(), new Date())
  openSession(folder, generationInUse(folder), warrant)
  return warrant
}

/** What the desk does when the strongroom wants a connection: a stream that it carries. `nth` counts from 1. */
export type Carrying = (host: string, port: number, nth: number) => Duplex

/** Carries as asked. */
export const honestly: Carrying = (host, port) => connect({ host, port })

/** A strongroom under a fake desk. */
export interface FakeDesk {
  /** Everything the strongroom said to the desk. */
  said: FromStrongroom[]
  stderr: () => string
  journal: () => JournalLine[]
  send: (message: ToStrongroom) => void
  /** Resolves with its last word when it is gone; null when it had none. */
  ended: Promise<Extract<FromStrongroom, { kind: 'finished' }> | null>
  /** Waits until the journal has what is looked for. Throws when the strongroom ended without it. */
  until: (found: (lines: JournalLine[]) => boolean) => Promise<void>
  /** Goes away, as a killed desk does. */
  leave: () => void
}

/** Starts the strongroom and gives it this order. */
export async function fakeDesk(order: Partial<Order> & Pick<Order, 'folder' | 'session'>, carry: Carrying = honestly): Promise<FakeDesk> {
  const { startRoom, probeIsolation } = await built()
  const child: ChildProcess = startRoom('strongroom', [], ['ignore', 'ignore', 'pipe', 'ipc', 'pipe', 'pipe'], probeIsolation())
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const said: FromStrongroom[] = []
  const streams = new Map<number, Duplex>()
  const send = (message: ToStrongroom): void => {
    if (child.connected) child.send(message, undefined, undefined, () => undefined)
  }
  child.on('message', (message: FromStrongroom) => {
    said.push(message)
    if (message.kind === 'connect') {
      const stream = carry(message.host, message.port, said.filter(({ kind }) => kind === 'connect').length)
      streams.set(message.id, stream)
      stream.on('connect', () => send({ kind: 'connected', id: message.id }))
      stream.on('data', (bytes: Buffer) => send({ kind: 'data', id: message.id, bytes: new Uint8Array(bytes) }))
      stream.on('end', () => send({ kind: 'ended', id: message.id }))
      stream.on('error', (error) => send({ kind: 'broken', id: message.id, reason: error.message }))
    }
    if (message.kind === 'data') streams.get(message.id)?.write(Buffer.from(message.bytes))
    if (message.kind === 'end') streams.get(message.id)?.end()
  })
  let gone = false
  const ended = new Promise<Extract<FromStrongroom, { kind: 'finished' }> | null>((done) => {
    child.once('exit', () => {
      gone = true
      done(said.find((message) => message.kind === 'finished') ?? null)
    })
  })
  const journal = (): JournalLine[] =>
    readFileSync(join(places.session(order.folder, order.session), 'journal.jsonl'), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as JournalLine)
  send({ kind: 'begin', order: { task: 'perform', scans: 0, shareFiles: [], keys: { means: {}, passphraseFiles: {}, keyring: ownKeyring() }, remote: null, yes: true, ca: null, exceptions: [], ...order } })
  return {
    said,
    stderr: () => stderr,
    journal,
    send,
    ended,
    until: async (found) => {
      while (!found(journal())) {
        if (gone) throw new Error(`the strongroom ended:\n${stderr}`)
        await new Promise((again) => setTimeout(again, 50))
      }
    },
    leave: () => {
      child.disconnect()
    },
  }
}
